"""Ends of events: rows of those that are withdrawn leave the feeds, rows of those that are over are read.

Whoever holds rows of them is looked for under the locks of the router or of a chunk, so that nobody is told meanwhile.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from events.db.rows import update_rows
from events.log.resolve import resolve
from events.log.withdraw import WITHDRAWN
from events.models import Event, ParkedEvent
from notifications.endings import told_before
from notifications.escalations import steps
from notifications.inbox import marking, removal, surfacing
from notifications.inbox.removal import Removed
from notifications.inbox.surfacing import Changed
from notifications.models import COUNTED, Fanout, Hold, Notification, NotificationQuerySet, is_counted


@dataclass(frozen=True, slots=True)
class Ending:
    """Events that are withdrawn, and that are over; `by`: each of them, but those that were over before, and the event
    that ended it. `telling`: those that people are told of outside once more. `large`: ending events that concern
    many people, whose turn is chunk by chunk."""

    withdrawn: frozenset[int] = frozenset()
    over: frozenset[int] = frozenset()
    by: Mapping[int, Event] = field(default_factory=dict)
    telling: frozenset[int] = frozenset()
    large: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.withdrawn or self.over)


_HEAD = {"id": "bigint", "folded_into": "bigint", "count": "integer", "seq": "bigint", "feed_seq": "bigint"}
# What its person did with a row: column -> PostgreSQL type.
_STATE = {
    "is_read": "boolean",
    "read_at": "timestamptz",
    "reading_batch_id": "bigint",
    "done_at": "timestamptz",
    "snoozed_until": "timestamptz",
}


class _Row(NamedTuple):
    """Row as it was before; `state`: its values of _STATE."""

    pk: int
    user_id: int
    is_in_app: bool
    is_counted: bool
    folded_into: int | None
    state: dict[str, Any]


def find(events: Sequence[Event]) -> Ending:
    """Find what these events end, and mark it; and those among them that are over. Four queries at most."""
    by = resolve(event for event in events if event.withdrawn_at is None)
    for event in events:
        if event.pk in by:
            event.resolved_by = by[event.pk]
    over = frozenset(by.keys() | {event.pk for event in events if event.resolved_by_id is not None})
    named = {_named(event): event for event in events if event.event_type.name == WITHDRAWN}
    # Whoever writes such an event by hand has withdrawn nothing.
    real = Event.objects.filter(pk__in_set=[pk for pk in named if pk], withdrawn_at__isnull=False) if named else ()
    withdrawn = {event.pk: named[event.pk] for event in real}
    by |= withdrawn
    return Ending(frozenset(withdrawn), over - withdrawn.keys(), by, told_before.telling(by))


def begin(events: Sequence[Event], *, reader: str, most: int) -> Ending:
    """Find what these events end, in this reader's transaction: the telling of what is withdrawn stops for good, that
    of what is over once its chunk is done. Of more people than `most` it is left to chunks.
    Five queries more at most, none where nothing ends."""
    ending = find(events)
    if not ending:
        return ending
    ended = ending.withdrawn | ending.over
    telling = Fanout.objects.filter(event_id__in_set=ended)
    list(telling.select_for_update().order_by("event_id", "pk").values_list("pk"))
    telling.filter(event_id__in_set=ending.withdrawn).delete()
    steps.end(ended)
    parked = ParkedEvent.objects.filter(subscriber__name=reader, event_id__in_set=ended)
    list(parked.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    holders = _concerned(ending).order_by().values("user_id").distinct()
    if holders[: most + 1].count() <= most:
        return ending
    here = frozenset(event.pk for event in events)
    large = frozenset(event.pk for event in ending.by.values())
    return replace(ending, withdrawn=ending.withdrawn & here, over=ending.over & here, large=large)


def lock(ending: Ending, told: Collection[int], *, within: tuple[int, int] | None = None) -> None:
    """Lock the inboxes of all whom this batch tells or ends something for, in one go and in their order."""
    if ending:
        holders = _concerned(ending, within=within).order_by().values_list("user_id", flat=True).distinct()
        marking.lock_all({*told, *holders})


def nth_holder(ending: Ending, *, after: int, until: int, number: int) -> int | None:
    """User id at which so many people hold rows of these; None if fewer do. One query, none for nothing."""
    if not ending:
        return None
    holders = _concerned(ending, within=(after, until)).order_by("user_id").values_list("user_id", flat=True)
    return next(iter(holders.distinct()[number - 1 : number]), None)


def end(ending: Ending, *, now: datetime, within: tuple[int, int] | None = None) -> None:
    """Hide or read the rows; badges, numbers and tabs follow. Needs the inbox locks. The number of queries doesn't
    depend on how many people there are, and a second time there is nothing to do."""
    if not ending:
        return
    columns = ("pk", "user_id", "event_id", *(COUNTED | _STATE))
    found = _rows(ending, within=within).select_for_update(of=("self",)).order_by("pk")
    hidden, read = list[_Row](), list[_Row]()
    for row in found.values(*columns):
        into = hidden if row["event_id"] in ending.withdrawn else read
        its = (row["channel"] == "in_app", is_counted(row), row["folded_into"], _state(row))
        into.append(_Row(row["pk"], row["user_id"], *its))
    if ending.telling:
        sent = Notification.objects.filter(told_before.sent(ending.telling), withdrawn_at=None)
        told_before.tell(_within(sent, within), ending.by, now=now)
    # First: a row that is over may become the head of a burst.
    _read(read, now=now)
    _hide(hidden, now=now)


def _named(event: Event) -> int | None:
    named = event.payload.get("event_id") if isinstance(event.payload, dict) else None
    return named if type(named) is int else None


def _rows(ending: Ending, *, within: tuple[int, int] | None = None) -> NotificationQuerySet:
    """Rows that are still as if nothing had ended."""
    is_open = Q(event_id__in_set=ending.withdrawn) if ending.withdrawn else Q()
    if ending.over:
        is_waiting = Q(is_read=False) | Q(snoozed_until__isnull=False)
        is_open |= Q(is_waiting, event_id__in_set=ending.over)
    return _within(Notification.objects.filter(is_open, withdrawn_at=None), within)


def _concerned(ending: Ending, *, within: tuple[int, int] | None = None) -> NotificationQuerySet:
    """Rows of both, and those of people who are to be told outside."""
    rows = _rows(ending, within=within)
    if not ending.telling:
        return rows
    return rows | _within(Notification.objects.filter(told_before.sent(ending.telling), withdrawn_at=None), within)


def _within(rows: NotificationQuerySet, within: tuple[int, int] | None) -> NotificationQuerySet:
    return rows.filter(user_id__gt=within[0], user_id__lte=within[1]) if within else rows


def _hide(rows: Sequence[_Row], *, now: datetime) -> None:
    _write(rows, now=now, withdrawn_at=now)
    shown = [row for row in rows if row.is_in_app]
    gone = [Removed(row.user_id, row.pk, row.is_counted) for row in shown]
    removal.leave([*gone, *_unfold(shown)], reason="withdrawn")


def _unfold(gone: Sequence[_Row]) -> list[Removed]:
    """Count what leaves a burst out of its head; of one whose head leaves the newest of the others is the head, and as
    read, done or snoozed as that was. Whose feeds are to be fetched anew, with what their badges gain. Four queries at
    most."""
    fewer = Counter(row.folded_into for row in gone if row.folded_into is not None)
    columns = {"id": "bigint", "fewer": "bigint"}
    assign = {"count": "notifications.count - new.fewer"}
    update_rows("notifications", columns=columns, rows=list(fewer.items()), assign=assign)
    heads = {row.pk: row.state for row in gone if row.folded_into is None}
    folded = Notification.objects.filter(folded_into__in_set=heads, channel="in_app", withdrawn_at=None)
    left = defaultdict[int, list[dict[str, Any]]](list)
    those = ("pk", "user_id", "event__resolved_by_id", *(COUNTED | _STATE))
    for row in folded.order_by("-event__position").values(*those):
        left[row["folded_into"]].append(row)
    if not left:
        return []
    feed_seqs = dict(Notification.objects.filter(pk__in_set=left).values_list("pk", "feed_seq"))
    # Of what is over nobody needs to hear again.
    new = {
        old: rows[0]
        | {"folded_into": None, "done_at": heads[old]["done_at"]}
        | (heads[old] if rows[0]["event__resolved_by_id"] is None else {})
        for old, rows in left.items()
    }
    update_rows(
        "notifications",
        columns=_HEAD | _STATE,
        rows=[
            (row["pk"], None, len(left[old]), feed_seqs[old], feed_seqs[old], *_state(row).values())
            for old, row in new.items()
        ],
    )
    moved = [(row["pk"], new[old]["pk"]) for old, rows in left.items() for row in rows[1:]]
    update_rows("notifications", columns={"id": "bigint", "folded_into": "bigint"}, rows=moved)
    return [Removed(row["user_id"], None, -is_counted(row)) for row in new.values()]


def _state(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _STATE}


def _read(rows: Sequence[_Row], *, now: datetime) -> None:
    _write(rows, now=now)
    surfacing.renew(Changed(row.pk, row.user_id, row.is_counted) for row in rows if row.is_in_app)


def _write(rows: Sequence[_Row], *, now: datetime, withdrawn_at: datetime | None = None) -> None:
    """Read them, and let them wait for nothing. What reads them is no reading that its person can undo."""
    if rows:
        Notification.objects.filter(pk__in_set=[row.pk for row in rows]).update(
            is_read=True,
            read_at=Coalesce(F("read_at"), Value(now)),
            withdrawn_at=withdrawn_at,
            snoozed_until=None,
            hold=Hold.NONE,
            hold_until=None,
            reading_batch_id=None,
        )
