"""Lines to those who got, by mail, chat or webhook, what is over or withdrawn now: where its type says so."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db.models import Q

from events.db.rows import insert_rows
from events.models import Event
from notifications import channels
from notifications.holds import rules, schedule
from notifications.models import Hold, NotificationQuerySet, UserNotificationSettings

_COLUMNS = {
    "event_id": "bigint",
    "user_id": "bigint",
    "channel": "text",
    "reason": "text",
    "hold": "text",
    "created_at": "timestamptz",
}


def sent(events: Collection[int]) -> Q:
    """Condition for rows of these events that have arrived somewhere outside."""
    return Q(event_id__in_set=events, is_delivered=True) & ~Q(channel="in_app")


def telling(events: Collection[int]) -> frozenset[int]:
    """Choose those whose type tells. One query, none for none."""
    if not events:
        return frozenset()
    chosen = Event.objects.filter(pk__in_set=events, event_type__tells_when_over=True)
    return frozenset(chosen.values_list("pk", flat=True))


def tell(rows: NotificationQuerySet, by: Mapping[int, Event], *, now: datetime) -> None:
    """Give the people of these rows a row of the event that ended it, on the same channel, and open its deliveries.

    Held as its type is; once for each person and channel. Needs the inbox locks. Four queries, none for nobody, and
    those of the channels.
    """
    columns = ("event_id", "user_id", "channel", "reason")
    found = {(by[pk].pk, *whose): reason for pk, *whose, reason in rows.order_by("pk").values_list(*columns)}
    holds = _holds({user for _event, user, _channel in found}, now=now)
    critical = {event.pk for event in by.values() if event.event_type.is_critical}
    made = [
        (event, user, channel, reason, Hold.NONE if event in critical else holds.get(user, Hold.NONE), now)
        for (event, user, channel), reason in found.items()
    ]
    returning = ("id", "event_id", "user_id", "channel", "hold")
    written = insert_rows("notifications", columns=_COLUMNS, rows=made, on_conflict="DO NOTHING", returning=returning)
    if held := {user for _pk, _event, user, _channel, hold in written if hold != Hold.NONE}:
        schedule.expect(held, now=now)
    channels.open_rows([channels.Opened(*row) for *row, hold in written if hold == Hold.NONE])


def _holds(users: Collection[int], *, now: datetime) -> dict[int, Hold]:
    if not users:
        return {}
    return {
        row.user_id: rules.hold_now(row, now=now)
        for row in UserNotificationSettings.objects.filter(user_id__in_set=users)
    }
