"""Critical events that somebody should acknowledge."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from events.models import Event
from events.rules import moments


class Escalation(models.Model):
    """Wait for somebody to take a critical event on; at `due_at` the next rule of its type is told. Kept once it ended:
    it says who has it, and whom it went on to."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        ACKNOWLEDGED = "acknowledged", _("Acknowledged")
        # Its last step is taken, or what it is about is over or withdrawn.
        ENDED = "ended", _("Goes on no further")

        @classmethod
        def conditions(cls) -> dict[str, models.Q]:
            """Condition for the rows of each state."""
            return {
                cls.WAITING: models.Q(due_at__isnull=False),
                cls.ACKNOWLEDGED: models.Q(acknowledged_at__isnull=False),
                cls.ENDED: models.Q(due_at=None, acknowledged_at=None),
            }

    event = models.OneToOneField(Event, on_delete=models.CASCADE, primary_key=True, related_name="+")
    step = models.IntegerField(default=0, db_default=0, help_text="Rules that it has gone on to.")
    due_at = models.DateTimeField(null=True, blank=True, help_text="When it goes on; empty: no more.")
    told = models.JSONField(
        default=list, db_default=models.Value([], models.JSONField()), help_text="Each such rule, and when."
    )
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "escalations"
        constraints = [moments.constraint(["due_at", "acknowledged_at"], name="ck_escalations_moments")]
        indexes = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="idx_escalations_due")
        ]

    def __str__(self) -> str:
        return f"escalation of event {self.event_id}"

    @property
    def state(self) -> State:
        if self.acknowledged_at is not None:
            return self.State.ACKNOWLEDGED
        return self.State.ENDED if self.due_at is None else self.State.WAITING
