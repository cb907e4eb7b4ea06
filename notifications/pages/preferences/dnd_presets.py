"""Do-not-disturb as its buttons and its own date switch it: until a moment, without an end, or off."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from events.errors import MomentRefused, PreferenceRefused, shown
from events.rules import moments
from notifications.preferences import presets


def changes_of(form: Mapping[str, str], *, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Settings that a submitted choice means. PreferenceRefused for a choice that is none, MomentRefused for a time."""
    match form.get("preset", ""):
        case "":
            return {"dnd_enabled": False}
        case "open":
            until = None
        case "at":
            until = moments.on_wall_clock(f"{form.get('day', '')}T{form.get('time', '')}", zone=zone, field="dnd_until")
        case preset if preset in presets.DND:
            until = presets.moment_of(preset, now=now, zone=zone)
        case preset:
            known = ", ".join([*presets.DND, "open", "at"])
            raise PreferenceRefused(
                f"{shown(preset)} is no end to choose; there are {known}", code="invalid", field="preset"
            )
    if until is not None and until <= now:
        raise MomentRefused(_("That time has passed. Choose a later one."), code="in_the_past", field="dnd_until")
    return {"dnd_enabled": True, "dnd_until": until}
