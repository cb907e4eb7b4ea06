"""Takes notifications and summaries with their deliveries and attempts, a batch at a time, and keeps inboxes right.

The archive is written before anything is locked, so that no lock ever waits for a disk; what has changed by the time
it is locked stays for the next run.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Exists, Model, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from delivery import prunable
from delivery.archiving import Archive
from delivery.models import Attempt, Delivery
from delivery.pacing import Pace
from delivery.prunable import Limits
from events import sets
from notifications import frames, hub_link
from notifications.models import Hold, Inbox, Notification, Summary

Row = dict[str, Any]
Gone = Counter[str]

# Rows looked at together.
WINDOW = 200_000
# Of one person; beyond it they fetch their feed anew.
MOST_IDS = 200
FROM_START = (0, 0, "")

# The bytes that were sent can be large, and say what the event and the row say.
_UNKEPT = ("body", "claim_token", "lease_until")
_DELIVERY = [field.attname for field in Delivery._meta.concrete_fields if field.name not in _UNKEPT]


@dataclass(frozen=True, slots=True)
class Kind:
    """What both kinds of rows have in common; `parent` is their name in a delivery."""

    model: type[Model]
    parent: str
    needed: tuple[str, ...]

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def columns(self) -> list[str]:
        return [field.attname for field in self.model._meta.concrete_fields]


NOTIFICATIONS = Kind(Notification, "notification", ("id", "user_id", "channel", "is_read"))
SUMMARIES = Kind(Summary, "summary", ("id", "user_id", "seq"))

# A row with its deliveries.
Carried = tuple[Row, list[Row]]


Key = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Window:
    """Rows that may go, as (id, person), by person. `plain`: those without a delivery, which is most."""

    up_to: Key
    plain: list[tuple[int, int]]
    carried: list[tuple[int, int]]


def next_notifications(after: Key, *, limits: Limits) -> Window | None:
    """The next that may go after this key (event, person, channel). Walks one index, takes no lock.

    Far more than a batch, so that a person's rows go together and their inbox is touched once for many.
    """
    found = Notification.objects.filter(
        prunable.row_may_go(limits),
        RawSQL(
            "(notifications.event_id, notifications.user_id, notifications.channel) > (%s, %s, %s)",
            after,
            output_field=BooleanField(),
        ),
        event_id__lte=limits.last_event,
    ).annotate(is_carried=Exists(Delivery.objects.filter(notification=OuterRef("pk"))))
    rows = list(
        found.order_by("event_id", "user_id", "channel").values_list(
            "id", "user_id", "is_carried", "event_id", "channel"
        )[:WINDOW]
    )
    if not rows:
        return None
    _, last_user, _, last_event, last_channel = rows[-1]
    rows.sort(key=itemgetter(1))
    return Window(
        up_to=(last_event, last_user, last_channel),
        plain=[(pk, user_id) for pk, user_id, is_carried, _, _ in rows if not is_carried],
        carried=[(pk, user_id) for pk, user_id, is_carried, _, _ in rows if is_carried],
    )


def next_summaries(after: int, *, limits: Limits, limit: int) -> tuple[int, dict[int, int]] | None:
    """Where the next ids after this one end, and which of them may go, with their person. None: no old ones left."""
    if not (window := _window(Summary, after=after, before=limits.cutoff, limit=limit)):
        return None
    may_go = prunable.summary_may_go(limits, pointing=Notification.objects.all())
    found = Summary.objects.filter(may_go, pk__in_set=window)
    return window[-1], dict(found.values_list("pk", "user_id"))


def next_lone_deliveries(after: int, *, limits: Limits, limit: int) -> tuple[int, list[int]] | None:
    """The same for tests and confirmations."""
    if not (window := _window(Delivery, after=after, before=limits.cutoff, limit=limit)):
        return None
    may_go = prunable.lone_delivery_may_go(limits)
    found = Delivery.objects.filter(may_go, pk__in_set=window)
    return window[-1], list(found.order_by("pk").values_list("pk", flat=True))


def _window(model: type[Model], *, after: int, before: datetime, limit: int) -> list[int]:
    """The next ids, none where they are all young. These tables have no index by age, and ids come in its order."""
    rows = model._default_manager.filter(pk__gt=after).order_by("pk").values_list("pk", "created_at")[:limit]
    found = list(rows)
    return [pk for pk, _ in found] if any(created_at < before for _, created_at in found) else []


def take_plain(rows: Sequence[tuple[int, int]], *, limits: Limits, pace: Pace) -> Gone:
    """Notifications without deliveries, in one short transaction; what really went. Constant queries.

    Whoever opens a delivery has the person's inbox row, so none can come meanwhile. People whom somebody else is busy
    with are left out.
    """
    with pace.transaction():
        unread = _lock({user_id for _, user_id in rows})
        # The people aren't asked for here: an index by person would read all that they have.
        is_one, params = sets.within("id", (pk for pk, user_id in rows if user_id in unread))
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM notifications WHERE {is_one} AND hold = %s AND created_at < %s "
                "AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.notification_id = notifications.id) "
                "RETURNING id, user_id, channel, is_read",
                [*params, Hold.NONE, connection.ops.adapt_datetimefield_value(limits.cutoff)],
            )
            gone = cursor.fetchall()
        shown = [(pk, user_id, bool(is_read)) for pk, user_id, channel, is_read in gone if channel == "in_app"]
        _leave_feeds(shown, unread_before=unread)
    return Counter({"notifications": len(gone)})


def take_notifications(rows: Sequence[tuple[int, int]], *, limits: Limits, archive: Archive | None, pace: Pace) -> Gone:
    """The same for any notifications: those with deliveries, or all where there is an archive."""
    ids = [pk for pk, _ in rows]
    before = _archived(NOTIFICATIONS, ids, archive=archive)
    with pace.transaction():
        unread = _lock({user_id for _, user_id in rows})
        old = Notification.objects.filter(created_at__lt=limits.cutoff, hold=Hold.NONE, user_id__in_set=list(unread))
        going = _settled(_locked(NOTIFICATIONS, old, ids, is_whole=archive is not None), before=before)
        gone = _delete(NOTIFICATIONS, going)
        shown = [(pk, row["user_id"], row["is_read"]) for pk, (row, _) in going.items() if row["channel"] == "in_app"]
        _leave_feeds(shown, unread_before=unread)
    return gone


def take_summaries(people: dict[int, int], *, limits: Limits, archive: Archive | None, pace: Pace) -> Gone:
    """The same for summaries, given as id -> person."""
    before = _archived(SUMMARIES, people, archive=archive)
    with pace.transaction():
        unread = _lock(set(people.values()))
        old = Summary.objects.filter(created_at__lt=limits.cutoff, user_id__in_set=list(unread))
        going = _settled(_locked(SUMMARIES, old, people, is_whole=archive is not None), before=before)
        gone = _delete(SUMMARIES, going)
        # A seq of 0: it was never shown in the app.
        _fetch_anew({row["user_id"] for row, _ in going.values() if row["seq"]}, unread=unread)
    return gone


def take_lone_deliveries(ids: Collection[int], *, limits: Limits, archive: Archive | None, pace: Pace) -> Gone:
    """The same for tests and confirmations, which no feed shows."""
    may_go = Delivery.objects.filter(prunable.lone_delivery_may_go(limits), pk__in_set=list(ids)).order_by("pk")
    before = list(may_go.values(*_DELIVERY)) if archive else []
    if archive:
        _keep_deliveries(before, archive=archive)
    with pace.transaction():
        found = may_go.select_for_update(skip_locked=True).values(*(_DELIVERY if archive else ("id",)))
        return _delete_deliveries([row["id"] for row in found if archive is None or row in before])


def _archived(kind: Kind, ids: Collection[int], *, archive: Archive | None) -> dict[int, Carried] | None:
    """The rows as they now stand in the archive; None without one."""
    if archive is None:
        return None
    carried = _carried(kind, kind.model._default_manager.all(), Delivery.objects.all(), ids, is_whole=True)
    archive.keep(kind.table, (row for row, _ in carried.values()), made="created_at")
    _keep_deliveries([one for _, deliveries in carried.values() for one in deliveries], archive=archive)
    return carried


def _keep_deliveries(deliveries: Sequence[Row], *, archive: Archive) -> None:
    archive.keep(Delivery._meta.db_table, deliveries, made="created_at")
    attempts = Attempt.objects.filter(delivery_id__in_set=[one["id"] for one in deliveries]).order_by("id")
    archive.keep(Attempt._meta.db_table, attempts.values(), made="started_at")


def _locked(kind: Kind, rows: QuerySet[Any], ids: Collection[int], *, is_whole: bool) -> dict[int, Carried]:
    """The rows are locked before their deliveries are read: from then on nobody can add one."""
    free, deliveries = rows.select_for_update(skip_locked=True), Delivery.objects.select_for_update()
    return _carried(kind, free, deliveries, ids, is_whole=is_whole)


def _carried(
    kind: Kind, rows: QuerySet[Any], deliveries: QuerySet[Delivery], ids: Collection[int], *, is_whole: bool
) -> dict[int, Carried]:
    """Those of the rows with their deliveries; two queries."""
    parent = f"{kind.parent}_id"
    found = rows.filter(id__in_set=list(ids)).order_by("id").values(*(kind.columns if is_whole else kind.needed))
    carried: dict[int, Carried] = {row["id"]: (row, []) for row in found}
    theirs = deliveries.filter(**{f"{parent}__in_set": list(carried)}).order_by("id")
    for one in theirs.values(*(_DELIVERY if is_whole else ("id", "state", parent))):
        carried[one[parent]][1].append(one)
    return carried


def _settled(found: dict[int, Carried], *, before: dict[int, Carried] | None) -> dict[int, Carried]:
    """Without those that have a delivery on its way again, or changed since they were archived."""
    return {
        pk: carried
        for pk, carried in found.items()
        if not any(one["state"] in prunable.UNSETTLED for one in carried[1])
        and (before is None or before.get(pk) == carried)
    }


def _lock(users: Collection[int]) -> dict[int, int]:
    """person -> unread count of those whose inbox nobody else has in hand, locked in user order until the commit."""
    wanted = sets.Once(sorted(users))
    free = Inbox.objects.select_for_update(skip_locked=True).filter(user_id__in_set=wanted).order_by("user_id")
    rows = dict(free.values_list("user_id", "unread_count"))
    if len(rows) < len(users):
        # Rows that another program wrote may belong to somebody without an inbox.
        missing = [Inbox(user_id=user) for user in users if user not in rows]
        Inbox.objects.bulk_create(missing, ignore_conflicts=True)
        rows = dict(free.all().values_list("user_id", "unread_count"))
    return rows


def _delete(kind: Kind, going: dict[int, Carried]) -> Gone:
    gone = _delete_deliveries([one["id"] for _, deliveries in going.values() for one in deliveries])
    return gone + Counter({kind.table: delete(kind.table, "id", list(going))})


def _delete_deliveries(ids: Sequence[int]) -> Gone:
    if not ids:
        return Counter()
    attempts = delete(Attempt._meta.db_table, "delivery_id", ids)
    return Counter({"delivery_attempts": attempts, "deliveries": delete(Delivery._meta.db_table, "id", ids)})


def delete(table: str, column: str, values: Iterable[int]) -> int:
    """The ORM would look for what cascades, row by row; whoever calls this has taken it along."""
    is_one, params = sets.within(column, values)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {is_one}", params)
        return int(cursor.rowcount)


def _leave_feeds(shown: Sequence[tuple[int, int, bool]], *, unread_before: dict[int, int]) -> None:
    """Of rows (id, person, is read) that are gone: raise seq and resync_below, lower unread_count, and tell the sockets
    after the commit. One query."""
    removed: dict[int, list[int]] = defaultdict(list)
    unread: Counter[int] = Counter()
    for pk, user_id, is_read in shown:
        removed[user_id].append(pk)
        unread[user_id] += not is_read
    seqs = _raise_seq({user: unread[user] for user in removed})
    if removed:
        hub_link.push_on_commit(
            [
                hub_link.Push(user, _frame(ids, seq=seqs[user], unread_count=unread_before[user] - unread[user]))
                for user, ids in removed.items()
            ]
        )


def _frame(ids: list[int], *, seq: int, unread_count: int) -> frames.Frame:
    if len(ids) > MOST_IDS:
        return frames.resync(seq=seq, unread_count=unread_count)
    return frames.removed(seq=seq, ids=ids, unread_count=unread_count)


def _fetch_anew(users: Collection[int], *, unread: dict[int, int]) -> None:
    """A summary went from above these people's feeds."""
    seqs = _raise_seq(dict.fromkeys(users, 0))
    if seqs:
        hub_link.push_on_commit(
            [hub_link.Push(user, frames.resync(seq=seq, unread_count=unread[user])) for user, seq in seqs.items()]
        )


def _raise_seq(fewer_unread: dict[int, int]) -> dict[int, int]:
    """person -> their new seq; clients that know less must fetch anew. Needs their locks."""
    if not fewer_unread:
        return {}
    fewer, params = sets.table({"user_id": "bigint", "unread": "bigint"}, sorted(fewer_unread.items()))
    is_one, more = sets.within("inboxes.user_id", fewer_unread)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE inboxes SET seq = inboxes.seq + 1, resync_below = inboxes.seq + 1, "
            f"unread_count = inboxes.unread_count - fewer.unread FROM {fewer} AS fewer "
            f"WHERE inboxes.user_id = fewer.user_id AND {is_one} RETURNING inboxes.user_id, inboxes.seq",
            [*params, *more],
        )
        return dict(cursor.fetchall())
