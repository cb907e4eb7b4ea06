"""Counts of what workers did, for `/metrics`: a row for each transaction that counted, until the sweep sums them up."""

from django.db import models


class MetricCounts(models.Model):
    """Counts to add up: series (name and labels, by tabs) -> value."""

    counts = models.JSONField()

    class Meta:
        db_table = "metric_counts"

    def __str__(self) -> str:
        return f"counts {self.pk}"
