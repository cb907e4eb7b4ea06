"""Inbox of a person, under whose lock everything of theirs changes, and large audiences on their way."""

from collections.abc import Collection

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from events.db.aggregates import Numbers
from events.db.rows import insert_rows
from events.models import Event
from events.rules import moments


class InboxQuerySet(models.QuerySet["Inbox"]):
    def locked(self, users: Collection[int]) -> "InboxQuerySet":
        """Rows of these people, made if missing, which reading locks in user order. One query before it is read, two if
        any is missing."""
        wanted = set(users)
        rows = self.filter(user_id__in_set=wanted)
        # Almost everybody has a row, and a conflict costs more than the look that avoids it.
        missing = sorted(wanted.difference(rows.aggregate(users=Numbers("user_id"))["users"]))
        columns = {"user_id": "bigint"}
        insert_rows("inboxes", columns=columns, rows=[(user,) for user in missing], on_conflict="DO NOTHING")
        return rows.select_for_update().order_by("user_id")


class Inbox(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="+")
    seq = models.BigIntegerField("changes", default=0, db_default=0, help_text="Raised by every visible change.")
    unread_count = models.BigIntegerField(default=0, db_default=0)
    resync_below = models.BigIntegerField(
        default=0, db_default=0, help_text="A client that knows less than this must fetch page one anew."
    )

    next_check_at = models.DateTimeField(
        null=True,
        blank=True,
        db_column="look_at",
        help_text="When something may change for what is held; empty: nothing does by itself.",
    )
    seen_seq = models.BigIntegerField(
        default=0, db_default=0, help_text="Changes up to here were in sight, in a tab that was."
    )
    hourly = models.TextField(default="", db_default="", blank=True, help_text="What came one by one within the hour.")
    digest_at = models.DateTimeField(null=True, blank=True, help_text="When the digest that collects now is due.")

    objects = InboxQuerySet.as_manager()

    class Meta:
        db_table = "inboxes"
        verbose_name_plural = "inboxes"
        indexes = [
            models.Index(
                fields=["next_check_at"], condition=models.Q(next_check_at__isnull=False), name="idx_inboxes_look_at"
            )
        ]

    def __str__(self) -> str:
        return f"inbox of user {self.user_id}"


class ReadingBatch(models.Model):
    """Reading that can be undone: the rows and summaries that it made read bear its number."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    held = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        help_text="Ids of those of its rows that waited for their person when they were read.",
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "reading_batches"
        verbose_name_plural = "reading batches"
        constraints = [moments.constraint(["created_at"], name="ck_reading_batches_moments")]

    def __str__(self) -> str:
        return f"reading {self.pk} of user {self.user_id}"


class Fanout(models.Model):
    """Part of an audience on its way, by user ids, for one worker: all up to `after_user` have their rows."""

    # Task of the workers that take them.
    TASK = "notifications.fan_out"
    # In place of a rule, and none can be called so: all who were told hear that somebody has it.
    ACKNOWLEDGED = "is acknowledged"

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="+")
    after_user = models.BigIntegerField(default=0, db_default=0)
    until_user = models.BigIntegerField()
    rule = models.TextField(
        default="",
        db_default="",
        blank=True,
        help_text="Step of an escalation that is told, or that it is acknowledged; empty: the event itself.",
    )
    attempts = models.IntegerField(default=0, db_default=0, help_text="Failed tries of the chunk that comes next.")
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "fanouts"
        verbose_name = "large audience"
        ordering = ["event", "after_user"]

    def __str__(self) -> str:
        return f"event {self.event_id}, users {self.after_user} to {self.until_user}"
