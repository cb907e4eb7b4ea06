"""Rows that sending a batch of deliveries needs, read in sets."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q

from delivery.channels import Held, Outgoing
from delivery.models import Delivery, Destination
from events import accounts
from events.entities import Entity, Source
from events.log import reader
from events.models import Event
from notifications.holds import last_look, rules
from notifications.models import Notification, Summary, UserNotificationSettings
from notifications.presentation import access

MOST_HELD = 50
# (person, source) -> whether they may see it.
Seen = Mapping[tuple[int, Source], bool] | None
_NOTHING: tuple[list[Any], str] = ([], "")


class _HeldRow(NamedTuple):
    pk: int
    event_id: int
    row: last_look.Row


def ask_access(deliveries: Sequence[int]) -> Seen:
    """Ask the host who may see what these are about, before anything is locked. Two queries."""
    single = Notification.objects.filter(deliveries__pk__in_set=deliveries)
    held = Notification.objects.filter(summary__deliveries__pk__in_set=deliveries, is_read=False)
    rows = [*single.values_list(*last_look.COLUMNS), *held.values_list(*last_look.COLUMNS)]
    pairs = {(row.user_id, Entity(*row.source)) for row in (last_look.Row(*columns) for columns in rows) if row.source}
    return {(user_id, (entity.type, entity.id)): may for (user_id, entity), may in access.answers(pairs).items()}


def outgoing(deliveries: Sequence[Delivery], *, now: datetime, seen: Seen = None) -> list[Outgoing]:
    """Load all that the deliveries need, in their order, and look at what they tell of once more: at most sixteen
    queries.

    They come with address, notification and summary loaded. A summary counts from here on what is still to be told.
    """
    user_ids = {row.address.user_id for row in deliveries if row.address.user_id is not None}
    users = accounts.everyone().filter(pk__in_set=user_ids).in_bulk()
    destinations = _destinations({row.address_id for row in deliveries if row.address.user_id is None})
    event_ids = {event_id for row in deliveries if (event_id := _event_id(row)) is not None}
    events = _events(event_ids) if event_ids else {}
    held = _held({row.summary_id for row in deliveries if row.summary_id is not None})
    for row in deliveries:
        if row.notification:
            row.notification.event = events[row.notification.event_id]
    single = {row.pk: last_look.row_of(row.notification) for row in deliveries if row.notification}
    looked_at = [*single.values(), *(one.row for rows in held.values() for one in rows)]
    present = last_look.load(looked_at, now=now, seen=seen)
    told: dict[int, tuple[list[_HeldRow], str]] = {
        pk: ([], last_look.why_not(one, present)) for pk, one in single.items()
    }
    for row in deliveries:
        if row.summary:
            told[row.pk] = _still_told(row.summary, held.get(row.summary.pk, []), kind=row.kind, present=present)
    newest = _newest({one.pk for rows, _why_not in told.values() for one in rows})
    zones = _zones(users)
    return [
        Outgoing(
            delivery=row,
            address=row.address,
            user=users[row.address.user_id] if row.address.user_id is not None else None,
            destination=destinations.get(row.address_id),
            notification=row.notification,
            event=events[event_id] if (event_id := _event_id(row)) is not None else None,
            summary=row.summary,
            held=[newest[one.pk] for one in told.get(row.pk, _NOTHING)[0] if one.pk in newest],
            unwanted=told.get(row.pk, _NOTHING)[1],
            zone=zones.get(row.address.user_id, rules.UTC_ZONE),
        )
        for row in deliveries
    ]


def _event_id(row: Delivery) -> int | None:
    return row.notification.event_id if row.notification else row.event_id


def _destinations(addresses: Collection[int]) -> dict[int, Destination]:
    """Map addresses to their destinations. No query for none."""
    found = Destination.objects.filter(address_id__in_set=addresses) if addresses else []
    return {one.address_id: one for one in found}


def _zones(users: Collection[int]) -> dict[int | None, ZoneInfo]:
    chosen = UserNotificationSettings.objects.filter(user_id__in_set=users).only("user_id", "timezone")
    return {settings.user_id: rules.zone_of(settings) for settings in chosen}


def _events(ids: set[int]) -> dict[int, Event]:
    # Of a type's columns most are JSON: each type is read once, not with each of its events.
    return {event.pk: event for event in reader.with_kin(Event.objects.filter(pk__in_set=ids).order_by())}


def _held(summaries: set[int]) -> dict[int, list[_HeldRow]]:
    """List the unread rows of each summary, newest first, and what is read because it ended. No query for none."""
    unread: dict[int, list[_HeldRow]] = defaultdict(list)
    if summaries:
        has_ended = Q(withdrawn_at__isnull=False) | Q(event__resolved_by__isnull=False)
        rows = Notification.objects.filter(Q(is_read=False) | has_ended, summary_id__in_set=summaries).order_by("-id")
        for summary_id, pk, event_id, *row in rows.values_list("summary_id", "pk", "event_id", *last_look.COLUMNS):
            unread[summary_id].append(_HeldRow(pk, event_id, last_look.Row(*row)))
    return unread


def _still_told(
    summary: Summary, unread: Sequence[_HeldRow], *, kind: str, present: last_look.Present
) -> tuple[list[_HeldRow], str]:
    """Choose the newest rows that are still to be told, each event once: the row of this channel where there is one.

    Sets what the summary counts. Where nothing is left, also the code of the reason.
    """
    reasons = {one.pk: last_look.why_not(one.row, present) for one in unread}
    by_event: dict[int, _HeldRow] = {}
    for one in unread:
        if not reasons[one.pk] and (one.event_id not in by_event or one.row.channel == kind):
            by_event[one.event_id] = one
    # A digest goes over channels of its own, the others over those that its rows have chosen.
    if summary.kind != Summary.Kind.DIGEST and all(one.row.channel != kind for one in by_event.values()):
        by_event = {}
    if last_look.ACCESS_UNKNOWN in reasons.values():
        return [], last_look.ACCESS_UNKNOWN
    names = (present.types[one.row.type_id].name for one in by_event.values())
    summary.count, summary.by_type = len(by_event), dict(Counter(names))
    why_not = next(filter(None, reasons.values()), "read") if not by_event else ""
    return list(by_event.values())[:MOST_HELD], why_not


def _newest(ids: set[int]) -> dict[int, Held]:
    rows = Notification.objects.filter(pk__in_set=ids).with_events()
    return {row.pk: Held(row, row.event) for row in rows} if ids else {}
