"""Words of the admin: names, choices and help texts; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_notifications", "0008_done_and_snoozed"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="fanout",
            options={"verbose_name": "large audience"},
        ),
        migrations.AlterModelOptions(
            name="notificationpreference",
            options={"ordering": ["id"], "verbose_name": "preference"},
        ),
        migrations.AlterModelOptions(
            name="usernotificationsettings",
            options={"verbose_name": "settings of people", "verbose_name_plural": "settings of people"},
        ),
        migrations.AlterField(
            model_name="fanout",
            name="attempts",
            field=models.IntegerField(db_default=0, default=0, help_text="Failed tries of the chunk that comes next."),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="hourly",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="What came one by one within the hour."
            ),
        ),
        migrations.AlterField(
            model_name="inbox",
            name="seq",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="Raised by every visible change.", verbose_name="changes"
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="hold",
            field=models.TextField(
                choices=[
                    ("none", "Not held"),
                    ("dnd", "Do not disturb"),
                    ("quiet", "Quiet hours"),
                    ("digest", "Digest"),
                    ("burst", "Busy hour"),
                ],
                db_default="none",
                default="none",
            ),
        ),
        migrations.AlterField(
            model_name="notification",
            name="is_delivered",
            field=models.BooleanField(db_default=False, default=False, verbose_name="delivered"),
        ),
        migrations.AlterField(
            model_name="notification",
            name="is_read",
            field=models.BooleanField(db_default=False, default=False, verbose_name="read"),
        ),
        migrations.AlterField(
            model_name="notificationpreference",
            name="is_enabled",
            field=models.BooleanField(db_default=True, default=True, verbose_name="enabled"),
        ),
        migrations.AlterField(
            model_name="summary",
            name="is_read",
            field=models.BooleanField(db_default=False, default=False, verbose_name="read"),
        ),
        migrations.AlterField(
            model_name="summary",
            name="kind",
            field=models.TextField(
                choices=[
                    ("dnd", "Do not disturb"),
                    ("quiet", "Quiet hours"),
                    ("digest", "Digest"),
                    ("burst", "Busy hour"),
                ]
            ),
        ),
        migrations.AlterField(
            model_name="usernotificationsettings",
            name="digest_enabled",
            field=models.BooleanField(db_default=False, default=False, verbose_name="digest"),
        ),
        migrations.AlterField(
            model_name="usernotificationsettings",
            name="dnd_enabled",
            field=models.BooleanField(db_default=False, default=False, verbose_name="do not disturb"),
        ),
        migrations.AlterField(
            model_name="usernotificationsettings",
            name="dnd_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="do not disturb until"),
        ),
    ]
