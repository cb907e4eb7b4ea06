"""What a link in a mail changes: e-mail off for one type or for the digest, and on again. Nothing else of the person's.

All of it happens under the inbox lock, so that it lies between two batches of the router.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from delivery.signed_links import Rule
from events.models import EventType
from notifications.inbox import marking
from notifications.models import NotificationPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_of

EMAIL = "email"


class Gone(LookupError):
    """The person or the type is there no more."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rule says now. `event_type` is None for the digest; no `channels` there mean its default, e-mail."""

    event_type: EventType | None
    channels: list[str]

    @property
    def is_on(self) -> bool:
        return EMAIL in self.channels or (self.event_type is None and not self.channels)


def standing(rule: Rule) -> Standing:
    """Two queries. Raises Gone."""
    if not User.objects.filter(pk=rule.user_id).exists():
        raise Gone("this account is there no more")
    if rule.event_type_id is None:
        return Standing(None, list(settings_of(rule.user_id).digest_channels))
    row = NotificationPreference.objects.filter(user_id=rule.user_id, event_type_id=rule.event_type_id)
    if found := row.select_related("event_type").first():
        return Standing(found.event_type, list(found.channels))
    if event_type := EventType.objects.filter(pk=rule.event_type_id).first():
        return Standing(event_type, list(event_type.default_channels))
    raise Gone("this event type is there no more")


def stop(rule: Rule, *, now: datetime) -> list[str] | None:
    """The channels as they were, for Undo; None: it was off already. Raises Gone, or PreferenceRefused if locked."""
    with transaction.atomic():
        was = _locked(rule)
        if not was.is_on:
            return None
        _put(rule, _without(was.channels, rule=rule), now=now)
    return was.channels


def start(rule: Rule, *, now: datetime, channels: list[str] | None = None) -> None:
    """On again: with the channels as they were if none was chosen since, else with e-mail added. Raises Gone."""
    with transaction.atomic():
        now_chosen = _locked(rule)
        if now_chosen.is_on:
            return
        is_undo = channels is not None and _without(channels, rule=rule) == now_chosen.channels
        _put(rule, channels if channels is not None and is_undo else [*now_chosen.channels, EMAIL], now=now)


def _without(channels: list[str], *, rule: Rule) -> list[str]:
    """Of the digest an empty list means the default, which is e-mail: there in-app stands for none."""
    left = [name for name in channels if name != EMAIL]
    return left if left or rule.event_type_id is not None else ["in_app"]


def _locked(rule: Rule) -> Standing:
    standing(rule)
    marking.locked(rule.user_id)
    return standing(rule)


def _put(rule: Rule, channels: list[str], *, now: datetime) -> None:
    if rule.event_type_id is not None:
        preferences.change(rule.user_id, event_type_id=rule.event_type_id, now=now, channels=channels)
    else:
        change_settings(rule.user_id, now=now, digest_channels=channels)
