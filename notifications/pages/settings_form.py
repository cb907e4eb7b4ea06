"""What a submitted settings form changes. It speaks for the sections it names, so that a script can send one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from events.refusals import PreferenceRefused
from notifications import preferences, quiet
from notifications.models import UserNotificationSettings
from notifications.pages import quiet_choices


def save(user_id: int, *, form: QueryDict, now: datetime) -> None:
    """Raises PreferenceRefused; then nothing of it is stored."""
    settings = preferences.settings_of(user_id)
    sections, changes = form.getlist("sections"), dict[str, Any]()
    if "zone" in sections:
        changes["timezone"] = form.get("timezone", "").strip()
    if "digest" in sections:
        changes |= _digest(form)
    if "quiet" in sections:
        changes |= _quiet(settings, form=form, now=now)
    differing = {name: value for name, value in changes.items() if getattr(settings, name) != value}
    if "dnd_until" in differing:
        # Naming the switch as well replaces the end, whatever it was.
        differing["dnd_enabled"] = True
    if differing:
        preferences.change_settings(user_id, now=now, **differing)


def _digest(form: QueryDict) -> dict[str, Any]:
    return {
        "digest_enabled": form.get("digest_enabled") == "on",
        "digest_interval": form.get("digest_interval", ""),
        "digest_hour": _number(form, "digest_hour"),
        "digest_weekday": _number(form, "digest_weekday"),
    }


def _quiet(settings: UserNotificationSettings, *, form: QueryDict, now: datetime) -> dict[str, Any]:
    if form.get("dnd_enabled") != "on":
        return {"dnd_enabled": False}
    preset = form.get("dnd_preset", "")
    if not preset:
        return {} if quiet.is_dnd(settings, now=now) else {"dnd_enabled": True}
    try:
        until = quiet_choices.end_of(preset, now=now, zone=ZoneInfo(settings.timezone), at=form.get("dnd_until", ""))
    except ValueError as error:
        detail = _("choose a date and a time, as in 2026-11-24 08:00")
        raise PreferenceRefused(detail, code="invalid", field="dnd_until") from error
    return {"dnd_enabled": True, "dnd_until": until}


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise PreferenceRefused(f"{name} is {text[:20]!r}; it must be a whole number", code="invalid", field=name)
    return int(text)
