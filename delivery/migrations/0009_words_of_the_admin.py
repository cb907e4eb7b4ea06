"""Words of the admin: names, choices and help texts; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0008_alerts_say_why"),
    ]

    operations = [
        migrations.AlterField(
            model_name="address",
            name="is_account",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The account's own e-mail address.",
                verbose_name="of the account",
            ),
        ),
        migrations.AlterField(
            model_name="address",
            name="is_enabled",
            field=models.BooleanField(db_default=True, default=True, verbose_name="enabled"),
        ),
        migrations.AlterField(
            model_name="address",
            name="previous_secret",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="Encrypted; signs too until the moment below."
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.TextField(
                choices=[
                    ("pending", "Waiting"),
                    ("sending", "Sending"),
                    ("sent", "Sent"),
                    ("dead", "Failed"),
                    ("skipped", "Skipped"),
                ],
                db_default="pending",
                default="pending",
            ),
        ),
    ]
