"""Submitted settings forms. A form speaks for the sections it names, so that a script can send one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.errors import PreferenceRefused
from events.errors import shown as quoted
from events.rules import channel_names
from notifications import channels
from notifications.holds import rules
from notifications.models import UserNotificationSettings
from notifications.pages.preferences import dnd_presets
from notifications.preferences import validation
from notifications.preferences.settings import change_settings, settings_of

# What a new window offers.
BLANK: dict[str, Any] = {"days": [], "start": "22:00", "end": "07:00"}
DAYS = ("0", "1", "2", "3", "4", "5", "6")


_LABELS = {
    "timezone": gettext_lazy("Time zone"),
    "quiet_hours": gettext_lazy("Quiet hours"),
    "dnd_enabled": gettext_lazy("Do not disturb"),
}


def as_shown(settings: UserNotificationSettings, *, now: datetime) -> dict[str, Any]:
    """The settings as the form sends them where nobody has touched it."""
    digest = ("digest_enabled", "digest_interval", "digest_hour", "digest_weekday")
    chosen = settings.digest_channels if isinstance(settings.digest_channels, list) else []
    return {
        "timezone": settings.timezone,
        **{name: getattr(settings, name) for name in digest},
        "digest_channels": [name for name in channel_names.known() if is_sent_over(name) and name in chosen],
        "dnd_enabled": rules.is_dnd(settings, now=now),
        "quiet_hours": [window | {"days": sorted(window["days"])} for window in readable(settings.quiet_hours)],
    }


def is_sent_over(channel: str) -> bool:
    return channel == "in_app" or channel in channels.installed()


def save(user_id: int, *, form: QueryDict, made_from: Mapping[str, Any], now: datetime) -> list[str]:
    """Store what somebody changed in the form, which was `made_from` these settings; labels of those that had been
    changed otherwise meanwhile. Raises PreferenceRefused or MomentRefused; then nothing of it is stored."""
    settings = settings_of(user_id)
    stored = as_shown(settings, now=now)
    sections, changes = form.getlist("sections"), dict[str, Any]()
    if "zone" in sections:
        changes["timezone"] = form.get("timezone", "").strip()
    if "digest" in sections:
        changes |= _digest(form)
    if "quiet" in sections:
        changes |= _quiet(settings, form=form, now=now)
    if "hours" in sections:
        changes["quiet_hours"] = _hours(form)
    shown = {"dnd_until": settings.dnd_until, **stored, **made_from}
    differing = {name: value for name, value in changes.items() if shown[name] != value}
    if "dnd_until" in differing:
        # Naming the switch as well replaces the end, whatever it was.
        differing["dnd_enabled"] = True
    if differing:
        change_settings(user_id, now=now, **differing)
    overridden = [name for name in stored if name in differing and stored[name] not in (shown[name], differing[name])]
    return list(dict.fromkeys(str(_LABELS.get(name, _("Digest"))) for name in overridden))


def _digest(form: QueryDict) -> dict[str, Any]:
    return {
        "digest_enabled": form.get("digest_enabled") == "on",
        "digest_interval": form.get("digest_interval", ""),
        "digest_hour": _number(form, "digest_hour"),
        "digest_weekday": _number(form, "digest_weekday"),
        "digest_channels": form.getlist("digest_channels"),
    }


def readable(windows: Any) -> list[dict[str, Any]]:
    """The windows that the form can show; another program's that are none are left out."""
    stored = windows if isinstance(windows, list) else []
    return [window for window in stored if validation.problem_of_window(window) is None]


def _hours(form: QueryDict) -> list[dict[str, Any]]:
    """The windows that have a day; one without is left out, and so taken away."""
    windows = []
    for number in range(validation.MAX_WINDOWS + 1):
        if days := form.getlist(f"hours-{number}-days"):
            at = {end: form.get(f"hours-{number}-{end}", "") for end in ("start", "end")}
            windows.append({"days": [int(day) if day in DAYS else -1 for day in days], **at})
    return windows


def _quiet(settings: UserNotificationSettings, *, form: QueryDict, now: datetime) -> dict[str, Any]:
    if form.get("dnd_enabled") != "on":
        return {"dnd_enabled": False}
    preset = form.get("dnd_preset", "")
    if not preset:
        return {} if rules.is_dnd(settings, now=now) else {"dnd_enabled": True}
    until = dnd_presets.end_of(preset, now=now, zone=rules.zone_of(settings), at=form.get("dnd_until", ""))
    return {"dnd_enabled": True, "dnd_until": until}


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise PreferenceRefused(f"{name} is {quoted(text)}; it must be a whole number", code="invalid", field=name)
    return int(text)
