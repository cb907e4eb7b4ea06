"""Submitted settings forms. A form speaks for the sections it names, so that a script can send one."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import accounts
from events.accounts import User
from events.errors import PreferenceRefused
from events.errors import shown as quoted
from events.rules import channel_names
from notifications import channels
from notifications.holds import rules
from notifications.models import UserNotificationSettings
from notifications.pages.preferences import ladder_form
from notifications.preferences import validation
from notifications.preferences.settings import change_settings, settings_of

# What a new window offers.
BLANK: dict[str, Any] = {"days": [], "start": "22:00", "end": "07:00"}
DAYS = ("0", "1", "2", "3", "4", "5", "6")


_LABELS = {
    "timezone": gettext_lazy("Time zone"),
    "quiet_hours": gettext_lazy("Quiet hours"),
    "ladder": gettext_lazy("When each channel speaks"),
}


def as_shown(settings: UserNotificationSettings, *, email: str) -> dict[str, Any]:
    """The settings as the form sends them where nobody has touched it: a digest goes where it really does."""
    digest = ("digest_enabled", "digest_interval", "digest_hour", "digest_weekday")
    sent_by = rules.digest_channels(settings, email=email)
    return {
        "timezone": settings.timezone,
        **{name: getattr(settings, name) for name in digest},
        "digest_channels": [name for name in channel_names.known() if name in sent_by],
        "quiet_hours": [window | {"days": sorted(window["days"])} for window in readable(settings.quiet_hours)],
        "ladder": ladder_form.as_shown(settings.ladder),
    }


def is_sent_over(channel: str) -> bool:
    return channel == "in_app" or channel in channels.installed()


def save(user: User, *, form: QueryDict, made_from: Mapping[str, Any], now: datetime) -> list[str]:
    """Store what somebody changed in the form, which was `made_from` these settings; labels of those that had been
    changed otherwise meanwhile. Raises PreferenceRefused or MomentRefused; then nothing of it is stored."""
    settings = settings_of(user.pk)
    stored = as_shown(settings, email=accounts.email_of(user))
    sections, changes = form.getlist("sections"), dict[str, Any]()
    if "zone" in sections:
        changes["timezone"] = form.get("timezone", "").strip()
    if "digest" in sections:
        changes |= _digest(form)
    if "hours" in sections:
        changes["quiet_hours"] = _hours(form)
    if "ladder" in sections:
        changes["ladder"] = ladder_form.submitted(form, prefix="ladder", stored=settings.ladder)
    shown = {**stored, **made_from}
    differing = {name: value for name, value in changes.items() if shown[name] != value}
    if not settings.digest_channels and any(name.startswith("digest_") for name in differing):
        # Who sets up a digest means the channel that was ticked for them.
        differing["digest_channels"] = changes["digest_channels"]
    if differing:
        change_settings(user.pk, now=now, **differing)
    overridden = [name for name in stored if name in differing and stored[name] not in (shown[name], differing[name])]
    return list(dict.fromkeys(str(_LABELS.get(name, _("Digest"))) for name in overridden))


def _digest(form: QueryDict) -> dict[str, Any]:
    if form.get("digest_enabled") == "on" and not form.getlist("digest_channels"):
        raise PreferenceRefused(_("Choose at least one way to send it."), code="invalid", field="digest_channels")
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
    """The windows that have a day and were not removed."""
    windows, removed = [], form.get("hours_removed")
    for number in range(validation.MAX_WINDOWS + 1):
        if str(number) != removed and (days := form.getlist(f"hours-{number}-days")):
            at = {end: form.get(f"hours-{number}-{end}", "") for end in ("start", "end")}
            windows.append({"days": [int(day) if day in DAYS else -1 for day in days], **at})
    return windows


def _number(form: QueryDict, name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise PreferenceRefused(f"{name} is {quoted(text)}; it must be a whole number", code="invalid", field=name)
    return int(text)
