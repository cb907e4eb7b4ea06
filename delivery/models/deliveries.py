"""Deliveries: outgoing jobs for one notification, summary or event and one address; and each attempt at them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Min, Q
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils.translation import gettext_lazy as _

from delivery.models.addresses import Address
from events.models import Event
from notifications.models import Notification, Summary

# Moments before which nothing of an address is tried, whatever its deliveries' own times.
HOLDS = ("address__open_until", "address__paced_until", "address__server__open_until")
# Due deliveries of which the longest due is looked for.
MOST_COMPARED = 1000


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def due(self, now: datetime) -> DeliveryQuerySet:
        """Filter those that may be tried: their own time has come, and their address and its server don't wait."""
        holds_nothing = (Q(**{hold: None}) | Q(**{f"{hold}__lte": now}) for hold in HOLDS)
        return self.filter(*holds_nothing, state=Delivery.State.PENDING, due_at__lte=now)

    def due_since(self, now: datetime) -> datetime | None:
        """Return since when the longest due may have been tried; None: none is due."""
        since = Greatest("due_at", *(Coalesce(F(hold), F("due_at")) for hold in HOLDS))
        first = self.due(now).annotate(since=since).order_by("due_at")[:MOST_COMPARED]
        at: datetime | None = first.aggregate(at=Min("since"))["at"]
        return at


class Delivery(models.Model):
    class State(models.TextChoices):
        PENDING = "pending", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DEAD = "dead", _("Failed")
        SKIPPED = "skipped", _("Skipped")

    # On its way: nothing that such a delivery is about may go, nor what it belongs to.
    UNSETTLED = (State.PENDING, State.SENDING)

    class Purpose(models.TextChoices):
        NOTIFICATION = "notification"
        SUMMARY = "summary"
        EVENT = "event"
        TEST = "test"
        CONFIRMATION = "confirmation"

    # The others are asked for anew, as often as delivery.address_health.quota lets them.
    REPEATABLE = (Purpose.NOTIFICATION, Purpose.SUMMARY, Purpose.EVENT)

    purpose = models.TextField(choices=Purpose.choices, default=Purpose.NOTIFICATION, db_default=Purpose.NOTIFICATION)
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries", db_index=False
    )
    summary = models.ForeignKey(
        Summary, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(
        Event,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Of what goes to a destination.",
    )
    count = models.IntegerField(
        default=1, db_default=1, help_text="Events that it tells of: more than 1 in a destination's digest."
    )
    address = models.ForeignKey(
        Address, on_delete=models.CASCADE, related_name="deliveries", db_column="channel_id", db_index=False
    )
    kind = models.TextField(help_text="The name of its channel, as its address has it.")
    state = models.TextField(choices=State.choices, default=State.PENDING, db_default=State.PENDING)
    due_at = models.DateTimeField(db_default=Now(), help_text="Not tried before; its address may wait for longer.")
    tries = models.IntegerField(default=0, db_default=0, help_text="Attempts that count towards its retry schedule.")
    reason = models.TextField(
        default="", db_default="", blank=True, help_text="Code: why it waits, died or was skipped."
    )
    body = models.BinaryField(null=True, blank=True, help_text="Frozen at the first claim: every attempt sends it.")
    content_type = models.TextField(default="", db_default="", blank=True)
    claim_token = models.UUIDField(null=True, blank=True, help_text="Whoever settles it must still hold this.")
    lease_until = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    resent_at = models.DateTimeField(null=True, blank=True, help_text="When it was last asked for again.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "deliveries"
        verbose_name_plural = "deliveries"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "address"], condition=Q(notification__isnull=False), name="uq_deliveries"
            ),
            models.UniqueConstraint(
                fields=["summary", "address"], condition=Q(summary__isnull=False), name="uq_deliveries_summary"
            ),
            # Each event goes to a destination once.
            models.UniqueConstraint(
                fields=["event", "address"], condition=Q(event__isnull=False), name="uq_deliveries_event"
            ),
        ]
        indexes = [
            # A claim goes from address to address; the sweep asks whether anything is due, and since when.
            models.Index(fields=["kind", "address", "due_at"], condition=Q(state="pending"), name="idx_deliveries_due"),
            models.Index(fields=["due_at"], condition=Q(state="pending"), name="idx_deliveries_pending"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="idx_deliveries_leased"),
            models.Index(fields=["address", "-id"], name="idx_deliveries_address"),
            models.Index(fields=["state", "-id"], name="idx_deliveries_state"),
            models.Index(fields=["address", "state", "created_at"], name="idx_deliveries_days"),
            # Tests and confirmations are few, and counted whenever one is asked for.
            models.Index(
                fields=["address", "created_at"],
                condition=Q(purpose__in=("test", "confirmation")),
                name="idx_deliveries_asked",
            ),
            # What was settled within the hour, for Pulse.
            models.Index(fields=["settled_at"], condition=Q(settled_at__isnull=False), name="idx_deliveries_settled"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} to address {self.address_id} ({self.state})"

    @property
    def wait(self) -> tuple[datetime, str]:
        """Moment before which it isn't tried, and the code of why: its own, or that of what its address waits for."""
        holds = self.address.holds() if self.state == self.State.PENDING else []
        return max([(self.due_at, self.reason), *holds], key=lambda hold: hold[0])


class Attempt(models.Model):
    """Attempt, written before sending: a crash leaves `started`, which the rescue turns into `unknown`."""

    class Outcome(models.TextChoices):
        STARTED = "started"
        SENT = "sent"
        RETRY = "retry"
        DEAD = "dead"
        SKIPPED = "skipped"
        UNKNOWN = "unknown"
        SUPERSEDED = "superseded"

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="attempts")
    number = models.IntegerField(help_text="1 is the first attempt at this delivery.")
    outcome = models.TextField(choices=Outcome.choices, default=Outcome.STARTED, db_default=Outcome.STARTED)
    started_at = models.DateTimeField()
    ms = models.IntegerField(null=True, blank=True)
    http_status = models.IntegerField(null=True, blank=True, help_text="The HTTP or SMTP status of the answer.")
    reason = models.TextField(default="", db_default="", blank=True, help_text="Code, for its owner.")
    connected_to = models.TextField(default="", db_default="", blank=True, help_text="For staff.")
    excerpt = models.TextField(
        default="", db_default="", blank=True, help_text="Of the answer or the error; for staff."
    )
    next_at = models.DateTimeField(null=True, blank=True, help_text="When the next attempt is due.")

    class Meta:
        db_table = "delivery_attempts"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"attempt {self.number} of delivery {self.delivery_id} ({self.outcome})"
