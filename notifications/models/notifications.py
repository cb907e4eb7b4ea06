"""One event for one person on one channel."""

from collections.abc import Mapping
from typing import Any, NoReturn

from django.conf import settings
from django.db import IntegrityError, models
from django.db.models.functions import Now

from events.models import Event
from events.rules import moments


class Hold(models.TextChoices):
    """Reason for which a row waits for its person. A held in-app row is in the feed without a toast."""

    NONE = "none"
    DND = "dnd"
    QUIET = "quiet"
    DIGEST = "digest"
    # More than the hour of its channel takes (notifications/holds/hourly_cap.py).
    BURST = "burst"


REFUSED = (
    "People's inboxes count their notifications, and would be wrong without these rows. To delete them, call "
    "notifications.inbox.removal.remove(Notification.objects.filter(...)); then an event may go as well."
)


def refuse_while_told(*_collected: Any) -> NoReturn:
    """Rule ON DELETE of the ORM for events that somebody was told of."""
    raise IntegrityError(REFUSED)


# Values of a row that the badge counts, which is the one that a later event of its group may replace.
COUNTED: dict[str, Any] = {"channel": "in_app", "is_read": False, "done_at": None, "snoozed_until": None}


def is_counted(row: Mapping[str, Any]) -> bool:
    """True for the values of a row that the badge counts."""
    return all(row[name] == value for name, value in COUNTED.items())


class NotificationQuerySet(models.QuerySet["Notification"]):
    def counted(self) -> "NotificationQuerySet":
        """Narrow down to what the badge counts."""
        return self.filter(**COUNTED)

    def delete(self) -> NoReturn:
        raise IntegrityError(REFUSED)


class Notification(models.Model):
    event = models.ForeignKey(Event, on_delete=refuse_while_told, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.TextField(default="in_app", db_default="in_app")
    is_read = models.BooleanField(default=False, db_default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    is_delivered = models.BooleanField(default=False, db_default=False)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    seq = models.BigIntegerField(default=0, db_default=0, help_text="The inbox's number at its last visible change.")
    feed_seq = models.BigIntegerField(default=0, db_default=0, help_text="The inbox's number when it surfaced.")
    reason = models.TextField(default="", db_default="", help_text="Which rule brought this person in.")
    hold = models.TextField(choices=Hold.choices, default=Hold.NONE, db_default=Hold.NONE)
    hold_until = models.DateTimeField(
        null=True, blank=True, help_text="When its hold ends by itself; empty: when settings say so."
    )
    group_key = models.TextField(
        null=True, blank=True, help_text="Rows of one replacing group and source; empty: replaces nothing."
    )
    summary = models.ForeignKey(
        "carillon_notifications.Summary",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="held",
        db_index=False,
    )
    done_at = models.DateTimeField(
        null=True, blank=True, help_text="When its person was done with it: out of the feed."
    )
    snoozed_until = models.DateTimeField(
        null=True, blank=True, help_text="When it comes back into the feed; empty: it is there, or done."
    )
    # No key: a batch is pruned long before what it read.
    reading_batch_id = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Of the reading that made it read."
    )

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "notifications"
        ordering = ["-feed_seq", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["event", "user", "channel"], name="uq_notifications"),
            moments.constraint(["created_at", "read_at", "delivered_at"], name="ck_notifications_moments"),
        ]
        indexes = [
            models.Index(
                fields=["user", "is_read"], condition=models.Q(is_read=False), name="idx_notifications_user_unread"
            ),
            models.Index(
                fields=["user", "-feed_seq"],
                condition=models.Q(done_at=None, snoozed_until=None),
                name="idx_notifications_inbox",
            ),
            models.Index(
                fields=["user", "-feed_seq"], condition=models.Q(done_at__isnull=False), name="idx_notifications_done"
            ),
            models.Index(
                fields=["user", "snoozed_until"],
                condition=models.Q(snoozed_until__isnull=False),
                name="idx_notifications_snoozed",
            ),
            models.Index(fields=["user", "seq"], name="idx_notifications_changes"),
            models.Index(
                fields=["user", "group_key"],
                condition=models.Q(group_key__isnull=False),
                name="idx_notifications_group",
            ),
            models.Index(fields=["user", "hold"], condition=~models.Q(hold="none"), name="idx_notifications_held"),
            models.Index(
                fields=["summary"], condition=models.Q(summary__isnull=False), name="idx_notifications_summary"
            ),
            models.Index(
                fields=["reading_batch_id"],
                condition=models.Q(reading_batch_id__isnull=False),
                name="idx_notifications_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"event {self.event_id} for user {self.user_id} ({self.channel})"

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        raise IntegrityError(REFUSED)


class Summary(models.Model):
    """Summary of what was held for a person: one row per person, kind and window."""

    class Kind(models.TextChoices):
        DND = "dnd"
        QUIET = "quiet"
        DIGEST = "digest"
        BURST = "burst"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.TextField(choices=Kind.choices)
    window = models.TextField(help_text="Which window it closes; the same one twice is the same summary.")
    count = models.BigIntegerField(default=0, db_default=0)
    by_type = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    seq = models.BigIntegerField(
        default=0, db_default=0, help_text="The inbox's number at its last visible change; 0: not shown in the app."
    )
    is_read = models.BooleanField(default=False, db_default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    reading_batch_id = models.BigIntegerField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "summaries"
        verbose_name_plural = "summaries"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["user", "kind", "window"], name="uq_summaries")]
        indexes = [
            models.Index(fields=["user", "seq"], name="idx_summaries_changes"),
            models.Index(fields=["user", "-seq"], condition=models.Q(is_read=False), name="idx_summaries_unread"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.window} of user {self.user_id}"
