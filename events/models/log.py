"""The log's readers: its head, the durable subscribers, and the events they could not digest or get."""

from django.db import models
from django.db.models.functions import Now


class LogHead(models.Model):
    """The one row whose lock makes positions: the last number given out."""

    position = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        db_table = "log_head"

    def __str__(self) -> str:
        return str(self.position)


class Subscriber(models.Model):
    """A named reader of the log and where it stands."""

    name = models.TextField(unique=True)
    position = models.BigIntegerField(default=0, db_default=0, help_text="All up to here is done.")
    is_paused = models.BooleanField("paused", default=False, db_default=False)
    lease_token = models.UUIDField(null=True, blank=True, help_text="Who runs it now (not transactional ones only).")
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.IntegerField(default=0, db_default=0, help_text="Failed tries of the event after the position.")
    retry_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(default="", db_default="", blank=True)
    batch_size = models.IntegerField(
        default=50,
        db_default=50,
        help_text="Of one that sets the pace of numbering: what it reads at once; 0: it fails.",
    )
    earliest = models.BigIntegerField(
        default=0, db_default=0, help_text="It can't go back below this: what it made of earlier events was pruned."
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    class Meta:
        db_table = "subscribers"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ParkedEvent(models.Model):
    """An event that a subscriber failed on three times, alone; the rest of the log went on without it.

    Parked: known to be bad, it waits for an admin. Set aside, with a `retry_at`: tried again until it goes well.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="parked")
    event = models.ForeignKey("carillon_events.Event", on_delete=models.CASCADE, related_name="+")
    error = models.TextField()
    attempts = models.IntegerField(default=0, db_default=0, help_text="Tries since it was set aside.")
    retry_at = models.DateTimeField(null=True, blank=True, help_text="The next try; empty: none but by hand.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "parked_events"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subscriber", "event"], name="uq_parked_events")]

    def __str__(self) -> str:
        return f"{self.subscriber} could not take event {self.event_id}"


class LogGap(models.Model):
    """Events that were pruned before a paused subscriber had read them. It loses them, and it shows."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="gaps")
    after = models.BigIntegerField(help_text="Where it stood, paused.")
    up_to = models.BigIntegerField(help_text="The position of the last of them.")
    events = models.BigIntegerField(help_text="How many of any type.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "log_gaps"
        verbose_name = "gap in the log"
        verbose_name_plural = "gaps in the log"
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["subscriber", "after"], name="uq_log_gaps")]

    def __str__(self) -> str:
        return f"{self.events} event(s) between {self.after} and {self.up_to}"
