"""Deliveries of an address by state and day: what its strip of days counts, and what failed there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0008_alerts_say_why")]
    operations = [
        migrations.AddIndex(
            "delivery", models.Index(fields=["address", "state", "created_at"], name="idx_deliveries_days")
        ),
    ]
