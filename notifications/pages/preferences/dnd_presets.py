"""Do-not-disturb ends to choose from, on the person's own wall clock."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from events.errors import PreferenceRefused, shown
from events.rules import moments
from notifications.holds import presets

# What a choice is called; "" leaves the end as it is, "open" has none, "at" takes the time from its own field.
PRESETS: list[tuple[str, Promise]] = [
    ("open", gettext_lazy("Until I turn it off")),
    ("30m", gettext_lazy("For 30 minutes")),
    ("1h", gettext_lazy("For 1 hour")),
    ("2h", gettext_lazy("For 2 hours")),
    ("tomorrow", gettext_lazy("Until tomorrow 08:00")),
    ("monday", gettext_lazy("Until Monday 08:00")),
    ("at", gettext_lazy("Until a time of my choice")),
]


def end_of(preset: str, *, now: datetime, zone: ZoneInfo, at: str = "") -> datetime | None:
    """The moment a choice means; None: without an end. PreferenceRefused for a choice that is none, MomentRefused for
    a time."""
    if preset == "open":
        return None
    if preset == "at":
        return moments.on_wall_clock(at, zone=zone, field="dnd_until")
    if preset in presets.DND:
        return presets.moment_of(preset, now=now, zone=zone)
    known = ", ".join(name for name, _ in PRESETS)
    raise PreferenceRefused(
        f"{shown(preset)} is no end to choose; there are {known}", code="invalid", field="dnd_preset"
    )
