"""Destinations may gather events for a digest; a delivery may tell of several."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_delivery", "0011_destination_rules"),
    ]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="count",
            field=models.IntegerField(
                db_default=1, default=1, help_text="Events that it tells of: more than 1 in a destination's digest."
            ),
        ),
        migrations.AddField(
            model_name="destination",
            name="digest",
            field=models.TextField(
                choices=[
                    ("at_once", "At once"),
                    ("hourly", "Each hour, in one message"),
                    ("daily", "Each day at 08:00, in one message"),
                ],
                db_default="at_once",
                default="at_once",
            ),
        ),
    ]
