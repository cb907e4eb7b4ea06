"""Subscriptions that links in mails change: e-mail off for one type or for the digest, and on again; nothing else.

All of it happens under the inbox lock, so that it lies between two batches of the router.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from delivery.signed_links import Subscription
from events import accounts
from events.models import EventType
from notifications.inbox import marking
from notifications.models import NotificationPreference, ProjectPreference
from notifications.preferences import preferences
from notifications.preferences.settings import change_settings, settings_of

EMAIL = "email"


class GoneError(LookupError):
    """Person or type that is there no more."""


@dataclass(frozen=True, slots=True)
class SubscriptionStatus:
    """Channels of a subscription. `event_type`: None for the digest, where no `channels` mean its default, e-mail."""

    event_type: EventType | None
    channels: list[str]

    @property
    def is_on(self) -> bool:
        return EMAIL in self.channels or (self.event_type is None and not self.channels)


def status(subscription: Subscription) -> SubscriptionStatus:
    """Read the subscription. At most four queries. Raises GoneError."""
    if not accounts.everyone().filter(pk=subscription.user_id).exists():
        raise GoneError("this account is there no more")
    if subscription.event_type_id is None:
        return SubscriptionStatus(None, list(settings_of(subscription.user_id).digest_channels))
    row = NotificationPreference.objects.filter(user_id=subscription.user_id, event_type_id=subscription.event_type_id)
    preference = row.select_related("event_type").first()
    if preference and preference.chosen_at:
        return SubscriptionStatus(preference.event_type, list(preference.channels))
    if event_type := EventType.objects.filter(pk=subscription.event_type_id).first():
        channels = list(preference.channels if preference else event_type.default_channels)
        # Mail may come by a project's default; only a choice of their own ends that.
        presets = ProjectPreference.objects.filter(event_type=event_type, is_enabled=True)
        is_preset = any(EMAIL in names for names in presets.values_list("channels", flat=True).distinct())
        return SubscriptionStatus(event_type, [*channels, EMAIL] if is_preset and EMAIL not in channels else channels)
    raise GoneError("this event type is there no more")


def stop(subscription: Subscription, *, now: datetime) -> list[str] | None:
    """Switch e-mail off; the channels as they were, for Undo, or None if it was off.

    Raises GoneError, or PreferenceRefused if the type is locked.
    """
    with transaction.atomic():
        was = _locked(subscription)
        if not was.is_on:
            return None
        _put(subscription, _without(was.channels, subscription=subscription), now=now)
    return was.channels


def start(subscription: Subscription, *, now: datetime, channels: list[str] | None = None) -> None:
    """Switch e-mail on again. Raises GoneError.

    With the channels as they were if none was chosen since, else with e-mail added.
    """
    with transaction.atomic():
        now_chosen = _locked(subscription)
        if now_chosen.is_on:
            return
        is_undo = channels is not None and _without(channels, subscription=subscription) == now_chosen.channels
        _put(subscription, channels if channels is not None and is_undo else [*now_chosen.channels, EMAIL], now=now)


def _without(channels: list[str], *, subscription: Subscription) -> list[str]:
    """Take e-mail out. An empty list of the digest means its default, e-mail: there in-app stands for none."""
    left = [name for name in channels if name != EMAIL]
    return left if left or subscription.event_type_id is not None else ["in_app"]


def _locked(subscription: Subscription) -> SubscriptionStatus:
    status(subscription)
    marking.lock(subscription.user_id)
    return status(subscription)


def _put(subscription: Subscription, channels: list[str], *, now: datetime) -> None:
    if subscription.event_type_id is not None:
        preferences.change(subscription.user_id, event_type_id=subscription.event_type_id, now=now, channels=channels)
    else:
        change_settings(subscription.user_id, now=now, digest_channels=channels)
