"""Types that say themselves how long they are kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("carillon_events", "0021_metric_counts"),
    ]

    operations = [
        migrations.AddField(
            model_name="eventtype",
            name="keep_days",
            field=models.IntegerField(
                blank=True,
                help_text="Days that its events and their notifications are kept; empty: as for all others.",
                null=True,
            ),
        ),
    ]
