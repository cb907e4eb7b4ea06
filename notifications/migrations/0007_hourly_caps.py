"""More than an hour takes waits on its rows, and for its end."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0006_deletion_is_refused"),
    ]

    operations = [
        migrations.AddField(
            model_name="inbox",
            name="hourly",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="What came one by one within the hour (holds/hourly_cap.py).",
            ),
        ),
        migrations.AddField(
            model_name="notification",
            name="hold_until",
            field=models.DateTimeField(
                blank=True, help_text="When its hold ends by itself; empty: when settings say so.", null=True
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="hold",
            field=models.TextField(
                choices=[
                    ("none", "None"),
                    ("dnd", "Dnd"),
                    ("quiet", "Quiet"),
                    ("digest", "Digest"),
                    ("burst", "Burst"),
                ],
                db_default="none",
                default="none",
            ),
        ),
        migrations.AlterField(
            model_name="summary",
            name="kind",
            field=models.TextField(
                choices=[("dnd", "Dnd"), ("quiet", "Quiet"), ("digest", "Digest"), ("burst", "Burst")]
            ),
        ),
    ]
