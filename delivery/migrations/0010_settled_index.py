"""What was settled lately is found by when, for Pulse."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0009_days_of_addresses")]
    operations = [
        migrations.AddIndex(
            "delivery",
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False), name="idx_deliveries_settled"),
        )
    ]
