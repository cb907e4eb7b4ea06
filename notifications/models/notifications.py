"""One event for one person on one channel."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from django.conf import settings
from django.db import IntegrityError, models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from events.models import Event
from events.rules import moments


class Hold(models.TextChoices):
    """Reason for which a row waits for its person. A held in-app row is in the feed without a toast."""

    NONE = "none", _("Not held")
    DND = "dnd", _("Do not disturb")
    QUIET = "quiet", _("Quiet hours")
    DIGEST = "digest", _("Digest")
    # More than the hour of its channel takes (notifications/holds/hourly_cap.py), or what follows the first of a burst
    # (notifications/routing/bursts.py).
    BURST = "burst", _("Many at once")
    # Until it is known whether its person reads the row of its event in the feed by then.
    LADDER = "ladder", _("If still unread")


REFUSED = (
    "People's inboxes count their notifications, and would be wrong without these rows. To delete them, call "
    "notifications.inbox.removal.remove(Notification.objects.filter(...)); then an event may go as well."
)


def refuse_while_told(*_collected: Any) -> NoReturn:
    """Rule ON DELETE of the ORM for events that somebody was told of."""
    raise IntegrityError(REFUSED)


# Values of a row that the badge counts, which is the one that a later event of its group may replace.
COUNTED: dict[str, Any] = {
    "channel": "in_app",
    "is_read": False,
    "done_at": None,
    "snoozed_until": None,
    "folded_into": None,
    "withdrawn_at": None,
}


def is_counted(row: Mapping[str, Any]) -> bool:
    """True for the values of a row that the badge counts."""
    return all(row[name] == value for name, value in COUNTED.items())


class NotificationQuerySet(models.QuerySet["Notification"]):
    def counted(self) -> "NotificationQuerySet":
        """Narrow down to what the badge counts."""
        return self.filter(**COUNTED)

    def with_events(self) -> "NotificationQuerySet":
        """Join what is needed to render; whom an event is addressed to, who may be thousands, is left out."""
        joined = self.select_related("event__event_type", "event__actor_user")
        return joined.defer("event__recipients")

    def delete(self) -> NoReturn:
        raise IntegrityError(REFUSED)


class Notification(models.Model):
    event = models.ForeignKey(Event, on_delete=refuse_while_told, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    channel = models.TextField(default="in_app", db_default="in_app")
    is_read = models.BooleanField("read", default=False, db_default=False)
    read_at = models.DateTimeField(null=True, blank=True)
    is_delivered = models.BooleanField("delivered", default=False, db_default=False)
    delivered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    seq = models.BigIntegerField(default=0, db_default=0, help_text="The inbox's number at its last visible change.")
    feed_seq = models.BigIntegerField(default=0, db_default=0, help_text="The inbox's number when it surfaced.")
    reason = models.TextField(default="", db_default="", help_text="Which rule brought this person in.")
    hold = models.TextField(choices=Hold.choices, default=Hold.NONE, db_default=Hold.NONE)
    hold_until = models.DateTimeField(
        null=True, blank=True, help_text="When its hold ends by itself, or a ladder's did; empty: when settings say so."
    )
    group_key = models.TextField(
        null=True,
        blank=True,
        help_text="Rows of one replacing group and source, or the head of a burst or storm; empty: neither.",
    )
    folds_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When its burst ends, of which it is the head; empty: of none."
    )
    # No key: a head that is pruned takes nothing along, and nobody waits for a look at it.
    folded_into = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Row that shows it; empty: it stands for itself."
    )
    count = models.IntegerField(default=1, db_default=1, editable=False, help_text="Events that it shows.")
    actors = models.JSONField(
        null=True, blank=True, editable=False, help_text="Ids of those who did them, the last first: four at most."
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
    withdrawn_at = models.DateTimeField(
        null=True, blank=True, help_text="When its event was taken back: it is in no list, and read."
    )
    # No key: a batch is pruned long before what it read.
    reading_batch_id = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text="Of the reading that made it read."
    )

    # Who did the events of one that shows several; put in when it is read for its person.
    actor_names: Sequence[str] = ()
    # Who has acknowledged it; empty: nobody yet; None: nobody needs to. Put in likewise.
    acknowledged_by: str | None = None

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
                condition=models.Q(done_at=None, snoozed_until=None, folded_into=None),
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
            models.Index(
                fields=["user", "-feed_seq"], condition=models.Q(folded_into=None), name="idx_notifications_feed"
            ),
            models.Index(
                fields=["user", "seq"], condition=models.Q(folded_into=None), name="idx_notifications_changes"
            ),
            models.Index(
                fields=["folded_into"], condition=models.Q(folded_into__isnull=False), name="idx_notifications_folded"
            ),
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
        DND = Hold.DND.value, Hold.DND.label
        QUIET = Hold.QUIET.value, Hold.QUIET.label
        DIGEST = Hold.DIGEST.value, Hold.DIGEST.label
        BURST = Hold.BURST.value, Hold.BURST.label

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.TextField(choices=Kind.choices)
    window = models.TextField(help_text="Which window it closes; the same one twice is the same summary.")
    count = models.BigIntegerField(default=0, db_default=0)
    by_type = models.JSONField(default=dict, db_default=models.Value({}, models.JSONField()))
    seq = models.BigIntegerField(
        default=0, db_default=0, help_text="The inbox's number at its last visible change; 0: not shown in the app."
    )
    is_read = models.BooleanField("read", default=False, db_default=False)
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
