"""Destinations: addresses that belong to a project or to the site, and not to a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from delivery.models.addresses import Address
from events.rules import patterns
from notifications.holds.calendar import DigestSchedule, next_digest

if TYPE_CHECKING:
    from events.models import Event, EventType

# Its type as the source of events.
DESTINATION_ENTITY = "destination"
# Of a daily digest, on the site's own clock.
DAILY_HOUR = 8


class DestinationQuerySet(models.QuerySet["Destination"]):
    def kept(self) -> DestinationQuerySet:
        return self.filter(deleted_at=None)

    def listening(self, projects: Collection[int]) -> DestinationQuerySet:
        """Filter those in use of the site and of these projects, with their addresses."""
        ours = Q(project_id=None) | Q(project_id__in=projects)
        return self.kept().filter(ours, address__is_enabled=True).select_related("address")


class Destination(models.Model):
    """Shared address: each event that it covers goes there once, however many people are told, or none.

    Secret, rate, health and whether it is paused are its address's.
    """

    class Digest(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        HOURLY = "hourly", _("Each hour, in one message")
        DAILY = "daily", _("Each day at 08:00, in one message")

    address = models.OneToOneField(Address, on_delete=models.CASCADE, related_name="destination")
    project_id = models.BigIntegerField(null=True, blank=True, help_text="Empty: the site's.")
    label = models.TextField(help_text="What people call it: #renders.")
    patterns = models.JSONField(help_text="Patterns of event types: job.completed, job.*, *.")
    critical_only = models.BooleanField(default=False, db_default=False)
    digest = models.TextField(choices=Digest.choices, default=Digest.AT_ONCE, db_default=Digest.AT_ONCE)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="Its deliveries stay until they are pruned.")

    objects = DestinationQuerySet.as_manager()

    class Meta:
        db_table = "destinations"
        ordering = ["id"]
        indexes = [
            # The router looks here with each batch.
            models.Index(fields=["project_id"], condition=Q(deleted_at=None), name="idx_destinations_project")
        ]

    def __str__(self) -> str:
        return self.label

    def covers_type(self, event_type: EventType) -> bool:
        is_loud_enough = event_type.is_critical or not self.critical_only
        return is_loud_enough and patterns.matches(event_type.name, self.patterns)

    def covers(self, event: Event) -> bool:
        """Tell whether it hears of an event, which comes with its type: not of one from before it was made."""
        is_its_project = self.project_id is None or event.project_id == self.project_id
        return is_its_project and event.created_at >= self.created_at and self.covers_type(event.event_type)

    def gathers(self, event: Event) -> bool:
        """Tell whether it hears of an event in a digest: what is critical comes at once, always."""
        return self.digest != self.Digest.AT_ONCE and not event.event_type.is_critical

    def due_at(self, event: Event) -> datetime | None:
        """Moment of the digest in which an event goes; None: it goes at once."""
        schedule = DigestSchedule(self.digest, DAILY_HOUR, 0, ZoneInfo(timezone.get_default_timezone_name()))
        return next_digest(schedule, event.created_at) if self.gathers(event) else None
