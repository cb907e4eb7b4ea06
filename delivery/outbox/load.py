"""Rows that sending a batch of deliveries needs, read in sets."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from zoneinfo import ZoneInfo

from django.contrib.auth.models import User
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from delivery.channels import Held, Outgoing
from delivery.models import Delivery
from delivery.outbox.eligibility import Preference
from events.log import reader
from events.models import Event
from notifications.holds import rules
from notifications.models import Notification, NotificationPreference, UserNotificationSettings

MOST_HELD = 50


def outgoing(deliveries: Sequence[Delivery]) -> list[Outgoing]:
    """Load all that the deliveries need, in their order: at most six queries.

    They come with address, notification and summary loaded.
    """
    users = User.objects.filter(pk__in_set={row.address.user_id for row in deliveries}).in_bulk()
    event_ids = {row.notification.event_id for row in deliveries if row.notification}
    events = _events(event_ids) if event_ids else {}
    summary_ids = {row.summary_id for row in deliveries if row.summary_id is not None}
    held = _held(summary_ids) if summary_ids else {}
    zones = _zones(users)
    return [
        Outgoing(
            delivery=row,
            address=row.address,
            user=users[row.address.user_id],
            notification=row.notification,
            event=events[row.notification.event_id] if row.notification else None,
            summary=row.summary,
            held=_own(held.get(row.summary_id or 0, []), kind=row.kind),
            zone=zones.get(row.address.user_id, rules.UTC_ZONE),
        )
        for row in deliveries
    ]


def preferences(outgoing: Sequence[Outgoing]) -> dict[tuple[int, int], Preference]:
    """Map (person, type) to what they chose, where they chose. One query."""
    types = {one.event.event_type_id for one in outgoing if one.event}
    if not types:
        return {}
    rows = NotificationPreference.objects.filter(
        user_id__in_set={one.user.pk for one in outgoing}, event_type_id__in_set=types
    )
    return {
        (user, kind): Preference(is_enabled, channels if isinstance(channels, list) else [])
        for user, kind, is_enabled, channels in rows.values_list("user_id", "event_type_id", "is_enabled", "channels")
    }


def _zones(users: Collection[int]) -> dict[int, ZoneInfo]:
    chosen = UserNotificationSettings.objects.filter(user_id__in_set=users).only("user_id", "timezone")
    return {settings.user_id: rules.zone_of(settings) for settings in chosen}


def _events(ids: set[int]) -> dict[int, Event]:
    # Of a type's columns most are JSON: each type is read once, not with each of its events.
    return {event.pk: event for event in reader.with_kin(Event.objects.filter(pk__in_set=ids).order_by())}


def _held(summaries: set[int]) -> dict[int, list[Held]]:
    """List the newest unread rows of each summary, by channel, newest first."""
    newest = Notification.objects.filter(summary_id__in_set=summaries, is_read=False).annotate(
        rank=Window(RowNumber(), partition_by=[F("summary_id"), F("channel")], order_by=F("id").desc())
    )
    rows = newest.filter(rank__lte=MOST_HELD).select_related("event__event_type", "event__actor_user").order_by("-id")
    newest_held: dict[int, list[Held]] = defaultdict(list)
    for row in rows:
        newest_held[row.summary_id or 0].append(Held(row, row.event))
    return newest_held


def _own(held: Sequence[Held], *, kind: str) -> list[Held]:
    """Keep each event once: the row of this channel where there is one."""
    by_event: dict[int, Held] = {}
    for one in held:
        if one.event.pk not in by_event or one.notification.channel == kind:
            by_event[one.event.pk] = one
    return list(by_event.values())[:MOST_HELD]
