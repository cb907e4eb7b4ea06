"""What the hardware monitor last saw, and what it has already told."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class HardwareReading(models.Model):
    """One disk of one machine. Its key is the number of the `disk` entity that warnings are about."""

    host = models.TextField()
    kind = models.TextField(default="disk", db_default="disk")
    name = models.TextField(help_text="The mount point.")
    value = models.FloatField(default=0, db_default=0, help_text="Percent in use when last seen.")
    told_threshold = models.FloatField(
        null=True, blank=True, help_text="The threshold whose crossing was told; empty: armed, the next one is told."
    )
    told_at = models.DateTimeField(null=True, blank=True)
    observed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "hardware_readings"
        ordering = ["host", "kind", "name"]
        constraints = [models.UniqueConstraint(fields=["host", "kind", "name"], name="uq_hardware_readings")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name} on {self.host}"
