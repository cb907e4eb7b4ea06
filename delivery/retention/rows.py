"""Takes notifications and summaries with their deliveries and attempts, a batch at a time, and keeps inboxes right.

The archive is written before anything is locked, so that no lock ever waits for a disk; what has changed by the time
it is locked stays for the next run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from delivery.models import Attempt, Delivery
from delivery.retention import rules
from delivery.retention.archive import Archive
from delivery.retention.batches import Share
from delivery.retention.pace import Pace
from delivery.retention.rules import Limits
from events.db import arrays
from notifications.inbox import removal
from notifications.inbox.removal import Lost
from notifications.models import Hold, Notification, Summary

Row = dict[str, Any]
Gone = Counter[str]

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
# By id, as they were when they were archived.
Before = dict[int, Carried]


def next_summaries(after: int, *, limits: Limits, limit: int) -> tuple[int, dict[int, int]] | None:
    """Where the next ids after this one end, and which of them may go, with their person. None: no old ones left."""
    if not (window := _window(Summary, after=after, before=limits.cutoff, limit=limit)):
        return None
    may_go = rules.summary_may_go(limits, pointing=Notification.objects.all())
    found = Summary.objects.filter(may_go, pk__in_set=window)
    return window[-1], dict(found.values_list("pk", "user_id"))


def next_lone_deliveries(after: int, *, limits: Limits, limit: int) -> tuple[int, list[int]] | None:
    """The same for tests and confirmations."""
    if not (window := _window(Delivery, after=after, before=limits.cutoff, limit=limit)):
        return None
    may_go = rules.lone_delivery_may_go(limits)
    found = Delivery.objects.filter(may_go, pk__in_set=window)
    return window[-1], list(found.order_by("pk").values_list("pk", flat=True))


def _window(model: type[Model], *, after: int, before: datetime, limit: int) -> list[int]:
    """The next ids, none where they are all young. These tables have no index by age, and ids come in its order."""
    rows = model._default_manager.filter(pk__gt=after).order_by("pk").values_list("pk", "created_at")[:limit]
    found = list(rows)
    return [pk for pk, _ in found] if any(created_at < before for _, created_at in found) else []


def archived(shares: Sequence[Share], *, archive: Archive) -> Before:
    """These notifications as they now stand in the archive."""
    return _archived(NOTIFICATIONS, _ids(shares), archive=archive)


def take_notifications(shares: Sequence[Share], *, limits: Limits, before: Before | None, pace: Pace) -> Gone:
    """Any notifications in one short transaction: those with deliveries, or all where there is an archive; then only
    what stands there as it was `before`. What really went. Constant queries."""
    with pace.transaction():
        unread = removal.lock({share.user_id for share in shares})
        old = Notification.objects.filter(created_at__lt=limits.cutoff, hold=Hold.NONE, user_id__in_set=unread)
        going = _settled(_locked(NOTIFICATIONS, old, _ids(shares), is_whole=before is not None), before=before)
        gone = _delete(NOTIFICATIONS, going)
        shown = [(row["user_id"], pk, row["is_read"]) for pk, (row, _) in going.items() if row["channel"] == "in_app"]
        removal.leave(lost(shown), unread_before=unread)
    return gone


def take_summaries(people: dict[int, int], *, limits: Limits, archive: Archive | None, pace: Pace) -> Gone:
    """The same for summaries, given as id -> person."""
    before = _archived(SUMMARIES, people, archive=archive) if archive else None
    with pace.transaction():
        unread = removal.lock(set(people.values()))
        old = Summary.objects.filter(created_at__lt=limits.cutoff, user_id__in_set=list(unread))
        going = _settled(_locked(SUMMARIES, old, people, is_whole=archive is not None), before=before)
        gone = _delete(SUMMARIES, going)
        # A seq of 0: it was never shown in the app.
        removal.fetch_anew({row["user_id"] for row, _ in going.values() if row["seq"]}, unread=unread)
    return gone


def take_lone_deliveries(ids: Collection[int], *, limits: Limits, archive: Archive | None, pace: Pace) -> Gone:
    """The same for tests and confirmations, which no feed shows."""
    may_go = Delivery.objects.filter(rules.lone_delivery_may_go(limits), pk__in_set=list(ids)).order_by("pk")
    before = list(may_go.values(*_DELIVERY)) if archive else []
    if archive:
        _keep_deliveries(before, archive=archive)
    with pace.transaction():
        found = may_go.select_for_update(skip_locked=True).values(*(_DELIVERY if archive else ("id",)))
        return _delete_deliveries([row["id"] for row in found if archive is None or row in before])


def _ids(shares: Sequence[Share]) -> list[int]:
    return [int(pk) for share in shares for pk in share.ids.split(",")]


def _archived(kind: Kind, ids: Collection[int], *, archive: Archive) -> Before:
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


def _settled(found: dict[int, Carried], *, before: Before | None) -> dict[int, Carried]:
    """Without those that have a delivery on its way again, or changed since they were archived."""
    return {
        pk: carried
        for pk, carried in found.items()
        if not any(one["state"] in rules.UNSETTLED for one in carried[1])
        and (before is None or before.get(pk) == carried)
    }


def lost(shown: Iterable[tuple[int, int, bool]]) -> dict[int, Lost]:
    """Of rows (person, id, is read) that the feed showed."""
    found = {}
    for user, rows in groupby(sorted(shown), key=itemgetter(0)):
        theirs = list(rows)
        found[user] = Lost(sum(not is_read for _, _, is_read in theirs), [pk for _, pk, _ in theirs])
    return found


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
    is_one, params = arrays.within(column, values)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {is_one}", params)
        return int(cursor.rowcount)
