"""Words of holds, as pages say them: nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0016_escalations"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notification",
            name="hold",
            field=models.TextField(
                choices=[
                    ("none", "Not held"),
                    ("dnd", "Do not disturb"),
                    ("quiet", "Quiet hours"),
                    ("digest", "Digest"),
                    ("burst", "Many at once"),
                    ("ladder", "If still unread"),
                ],
                db_default="none",
                default="none",
            ),
        ),
        migrations.AlterField(
            model_name="summary",
            name="kind",
            field=models.TextField(
                choices=[
                    ("dnd", "Do not disturb"),
                    ("quiet", "Quiet hours"),
                    ("digest", "Digest"),
                    ("burst", "Many at once"),
                ]
            ),
        ),
    ]
