"""Counts of what workers did, for `/metrics`."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("carillon_events", "0020_escalations")]

    operations = [
        migrations.CreateModel(
            name="MetricCounts",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("counts", models.JSONField()),
            ],
            options={"db_table": "metric_counts"},
        ),
    ]
