"""Addresses that fail are counted by an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_delivery", "0012_digests_of_destinations")]

    operations = [
        migrations.AddIndex(
            model_name="address",
            index=models.Index(
                condition=models.Q(("open_until__isnull", False)),
                fields=["open_until"],
                name="idx_channels_open_until",
            ),
        ),
    ]
