import re
from collections.abc import Callable
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.text import capfirst

from events.rules import audience as audience_rules
from events.rules import payload_schema, templates

_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_CATEGORY = re.compile(r"[a-z0-9_-]+")
# Seconds: a day.
LONGEST_BURST = 86_400
# Minutes: a day.
LONGEST_WAIT = 1_440
# Days: fifty years.
LONGEST_KEPT = 18_250


def in_app_only() -> list[str]:
    return ["in_app"]


def _names(value: object) -> list[str]:
    """Read a list of names; none where another program wrote something else."""
    return [name for name in value if isinstance(name, str)] if isinstance(value, list) else []


class EventType(models.Model):
    """A named kind of fact (`job.completed`). One row is all a new type needs: no code knows the names."""

    name = models.TextField(unique=True)
    category = models.TextField()
    description = models.TextField(blank=True, null=True)
    is_critical = models.BooleanField(
        "critical",
        default=False,
        db_default=False,
        help_text="Told at once on every chosen channel, through do-not-disturb too.",
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    updated_at = models.DateTimeField(auto_now=True, db_default=Now(), editable=False)

    audience = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Who is told: a list of rules. Empty means the default of the category.",
    )
    exclude_actor = models.BooleanField(default=False, db_default=False, help_text="Don't tell whoever did it.")
    actor_becomes_owner = models.BooleanField(
        default=False, db_default=False, help_text="Whoever publishes this owns its source from then on."
    )
    title_template = models.TextField(blank=True, default="", db_default="")
    body_template = models.TextField(blank=True, default="", db_default="")
    url_template = models.TextField(blank=True, default="", db_default="")
    digest_one = models.TextField(blank=True, default="", db_default="", help_text="“1 job completed”")
    digest_many = models.TextField(blank=True, default="", db_default="", help_text="“{n} jobs completed”")
    schema = models.JSONField(
        blank=True, null=True, help_text="JSON Schema (draft 2020-12) of the payload, or nothing."
    )
    sample = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="A payload as it really looks; previews and template checks use it.",
    )
    default_channels = models.JSONField(default=in_app_only, db_default=models.Value(["in_app"], models.JSONField()))
    is_locked = models.BooleanField(
        "required",
        default=False,
        db_default=False,
        help_text="People can't switch it off or drop its default channels.",
    )
    is_active = models.BooleanField(
        "active", default=True, db_default=True, help_text="Off: publishing it is refused; stored events still route."
    )
    replaces = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="Types of one group share one unread row per person and source; a later event updates it in place.",
    )
    updates_quietly = models.BooleanField(
        default=False, db_default=False, help_text="Another of this type updates its row in place without a toast."
    )
    burst_seconds = models.IntegerField(
        "burst",
        default=0,
        db_default=0,
        help_text="Events of one source within so many seconds of the first are one row with a count, and one more "
        "message on every other channel; 0: each is its own.",
    )
    ladder = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="When each channel speaks, for people who chose nothing. Critical ones come at once.",
    )
    resolves = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Earlier events of these types about the same thing are over with one of this type.",
    )
    tells_when_over = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Whoever got one by mail, chat or webhook gets a line there when it is over or withdrawn.",
    )

    acknowledge_minutes = models.IntegerField(
        null=True,
        blank=True,
        help_text="Minutes for somebody to acknowledge a critical one; then the next are told. Empty: nobody needs to.",
    )
    escalates_to = models.JSONField(
        default=list,
        db_default=models.Value([], models.JSONField()),
        blank=True,
        help_text="Who is told while nobody acknowledges it: a list of rules, one after each wait.",
    )

    keep_days = models.IntegerField(
        null=True,
        blank=True,
        help_text="Days that its events and their notifications are kept; empty: as for all others.",
    )

    declared = models.JSONField(
        null=True, blank=True, editable=False, help_text="What code declared last; what differs, an admin changed."
    )

    class Meta:
        db_table = "event_types"
        ordering = ["category", "name"]

    def __str__(self) -> str:
        """Words, as in "Job completed" for `job.completed`."""
        plain = f"{self.category} {self.name.rpartition('.')[2]}".replace("_", " ").replace("gpu", "GPU")
        return str(capfirst(plain))

    @property
    def rules(self) -> list[str]:
        """The audience rules that count: its own, or its category's default."""
        return list(self.audience) or audience_rules.default_for(self.category, self.name)

    @property
    def named_steps(self) -> list[str]:
        """Rules that it escalates to, in their order."""
        return _names(self.escalates_to)

    @property
    def escalation(self) -> list[str]:
        """Rules of whoever is told next while nobody acknowledges one; none where that isn't waited for."""
        return self.named_steps if self.is_critical and (self.acknowledge_minutes or 0) > 0 else []

    @property
    def wait(self) -> timedelta:
        """Time for somebody to acknowledge one, before each step."""
        return timedelta(minutes=min(self.acknowledge_minutes or 0, LONGEST_WAIT))

    @property
    def resolved(self) -> list[str]:
        """Names of the types that it resolves."""
        return _names(self.resolves)

    def clean(self) -> None:
        """Refuse an audience, a schema, a sample or a template that could not work at routing time."""
        errors: dict[str, list[str]] = {}
        # Only a new name: one that came in by SQL can't be changed any more, and its row must stay editable.
        if self._state.adding and not _NAME.fullmatch(self.name):
            errors["name"] = ["name must be lower-case words joined by dots, as in job.completed"]
        if not _CATEGORY.fullmatch(self.category):
            errors["category"] = ["category must be one lower-case word, as in job"]
        checks: list[tuple[str, Callable[[], None]]] = [
            ("audience", lambda: audience_rules.check(self.audience)),
            ("default_channels", lambda: audience_rules.check_channels(self.default_channels)),
            ("ladder", lambda: audience_rules.check_ladder(self.ladder)),
            ("resolves", self._check_resolves),
            ("schema", lambda: payload_schema.check_schema(self.schema)),
            ("sample", lambda: payload_schema.check_payload(self.sample, schema=self.schema)),
            ("title_template", lambda: templates.check(self.title_template, sample=self.sample)),
            ("body_template", lambda: templates.check(self.body_template, sample=self.sample)),
            ("url_template", lambda: templates.check(self.url_template, sample=self.sample)),
            ("burst_seconds", self._check_burst),
            ("acknowledge_minutes", self._check_acknowledging),
            ("keep_days", self._check_keeping),
            ("escalates_to", lambda: audience_rules.check(self.escalates_to, what="escalates_to")),
        ]
        for field, check in checks:
            try:
                check()
            except ValueError as error:
                errors[field] = [str(error)]
        if errors:
            raise ValidationError(errors)

    def _check_burst(self) -> None:
        seconds = self.burst_seconds
        if type(seconds) is not int or not 0 <= seconds <= LONGEST_BURST:
            raise ValueError(f"a burst of {seconds} seconds can't be; use 0 for none, or up to {LONGEST_BURST}")
        if seconds and self.replaces:
            raise ValueError(
                "a type that replaces keeps one row per source already; use 0 here, or leave “replaces” empty"
            )
        if seconds and self.is_critical:
            raise ValueError("critical events are told one by one; use 0 here, or untick “critical”")

    def _check_acknowledging(self) -> None:
        minutes = self.acknowledge_minutes
        if (minutes is None) == bool(self.escalates_to):
            raise ValueError("give both the minutes and who is told next in “escalates to”, or neither")
        if minutes is None:
            return
        if not self.is_critical:
            raise ValueError("only critical events escalate; leave the minutes empty, or tick “critical”")
        if type(minutes) is not int or not 0 < minutes <= LONGEST_WAIT:
            raise ValueError(f"a wait of {minutes} minutes can't be; use 1 to {LONGEST_WAIT}, or leave it empty")

    def _check_keeping(self) -> None:
        if self.keep_days is not None and not 1 <= self.keep_days <= LONGEST_KEPT:
            raise ValueError(f"it can't be kept for {self.keep_days} days; use 1 to {LONGEST_KEPT}, or leave it empty")

    def _check_resolves(self) -> None:
        if not isinstance(self.resolves, list) or not all(isinstance(name, str) for name in self.resolves):
            raise ValueError('resolves must be a list of names of event types, as in ["system.disk_warning"]')
        if self.name in self.resolves:
            raise ValueError(f"{self.name} can't resolve itself; name the types that it ends")
