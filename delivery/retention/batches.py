"""Which notifications may go, a window of the table after the other: walks one index, takes no lock.

A window is far more than a batch, so that a person's rows go together and their inbox is touched once for many. The
database puts them together: a million ids never become a million numbers here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL

from delivery.models import Delivery
from delivery.retention import rules
from delivery.retention.rules import Limits
from events.db import arrays
from notifications.models import Notification

# Rows looked at together.
WINDOW = 500_000

# Event, person.
Key = tuple[int, int]
FROM_START = (0, 0)


class Share(NamedTuple):
    """Rows of one person, their ids as `1,2,3`; and on PostgreSQL where each of them lay, as `(0,1) (0,2) (7,5)`."""

    user_id: int
    size: int
    ids: str
    places: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """Rows that may go, by person. `plain`: those without a delivery, which is most."""

    plain: list[Share]
    carried: list[Share]


def windows(limits: Limits) -> Iterator[Window]:
    """In the order of the events. Three queries each."""
    after: Key | None = FROM_START
    while after is not None:
        rows = _past(after, limits=limits)
        up_to = rows.order_by("event_id", "user_id", "channel").values_list("event_id", "user_id")[WINDOW - 1 :].first()
        if up_to is None:
            yield _window(rows, limits=limits)
        else:
            yield _window(rows.filter(_up_to(up_to)), limits=limits, settings=_FOR_A_FULL_ONE)
        after = up_to


def pieces(shares: Sequence[Share], *, most: Callable[[], int]) -> Iterator[list[Share]]:
    """As many rows at a time as may go just then."""
    piece, count = list[Share](), 0
    for share in shares:
        for part in _parts(share, most=most()):
            if piece and count + part.size > most():
                yield piece
                piece, count = [], 0
            piece.append(part)
            count += part.size
    if piece:
        yield piece


def _past(key: Key, *, limits: Limits) -> QuerySet[Notification]:
    is_past = RawSQL("(notifications.event_id, notifications.user_id) > (%s, %s)", key, output_field=BooleanField())
    return Notification.objects.filter(is_past, event__lte=limits.last_event)


def _up_to(key: Key) -> RawSQL:
    return RawSQL("(notifications.event_id, notifications.user_id) <= (%s, %s)", key, output_field=BooleanField())


def _window(rows: QuerySet[Notification], *, limits: Limits, settings: Sequence[str] = ()) -> Window:
    has_delivery = Exists(Delivery.objects.filter(notification=OuterRef("pk")))
    return Window(
        plain=_shares(rows.filter(~has_delivery, rules.row_is_past(limits)), settings=settings),
        carried=_shares(rows.filter(has_delivery, rules.row_may_go(limits))),
    )


# Most rows are plain. Looked for one by one, the deliveries of each of so many take longer than all the rest; and what
# doesn't fit into the usual memory goes through a file.
_FOR_A_FULL_ONE = ("SET LOCAL enable_nestloop = off", "SET LOCAL work_mem = '64MB'")


def _shares(rows: QuerySet[Notification], *, settings: Sequence[str] = ()) -> list[Share]:
    """`settings`: of PostgreSQL, for this query alone: what is sent along with it is one transaction with it."""
    is_postgresql = connection.vendor == "postgresql"
    place = RawSQL("notifications.ctid", ()) if is_postgresql else RawSQL("NULL", ())
    found = rows.order_by().annotate(place=place)
    sql, params = found.values("id", "user_id", "place").query.sql_with_params()
    places = "array_to_string(array_agg(place), ' ')" if is_postgresql else "''"
    before = settings if is_postgresql else ()
    by_person = (
        f"SELECT user_id, count(*), {arrays.joined('id')}, {places} FROM ({sql}) AS found "
        "GROUP BY user_id ORDER BY user_id"
    )
    with connection.cursor() as cursor:
        cursor.execute("; ".join([*before, by_person]), params)
        for _ in before:
            cursor.nextset()
        return [Share(*share) for share in cursor.fetchall()]


def _parts(share: Share, *, most: int) -> Iterator[Share]:
    if share.size <= most:
        yield share
        return
    ids, places = share.ids.split(","), share.places.split()
    for start in range(0, share.size, most):
        part = slice(start, start + most)
        yield Share(share.user_id, len(ids[part]), ",".join(ids[part]), " ".join(places[part]))
