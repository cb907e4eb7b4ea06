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

from delivery import prunable
from delivery.models import Delivery
from delivery.prunable import Limits
from events import sets
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
    """In the order of the events. Two queries each."""
    after: Key | None = FROM_START
    while after is not None:
        rows = _past(after, limits=limits)
        up_to = rows.order_by("event_id", "user_id", "channel").values_list("event_id", "user_id")[WINDOW - 1 :].first()
        yield _shared_out(rows if up_to is None else rows.filter(_up_to(up_to)), limits=limits)
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
    return Notification.objects.filter(is_past, event_id__lte=limits.last_event)


def _up_to(key: Key) -> RawSQL:
    return RawSQL("(notifications.event_id, notifications.user_id) <= (%s, %s)", key, output_field=BooleanField())


def _shared_out(rows: QuerySet[Notification], *, limits: Limits) -> Window:
    has_delivery = Exists(Delivery.objects.filter(notification=OuterRef("pk")))
    found = rows.filter(prunable.row_may_go(limits)).annotate(is_carried=has_delivery).order_by()
    has_places = connection.vendor == "postgresql"
    found = found.annotate(place=RawSQL("notifications.ctid", ()) if has_places else RawSQL("NULL", ()))
    sql, params = found.values("id", "user_id", "is_carried", "place").query.sql_with_params()
    places = "array_to_string(array_agg(place), ' ')" if has_places else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT is_carried, user_id, count(*), {sets.joined('id')}, {places} FROM ({sql}) AS found "
            "GROUP BY is_carried, user_id ORDER BY user_id",
            params,
        )
        shares = [(bool(is_carried), Share(*share)) for is_carried, *share in cursor.fetchall()]
    return Window(
        plain=[share for is_carried, share in shares if not is_carried],
        carried=[share for is_carried, share in shares if is_carried],
    )


def _parts(share: Share, *, most: int) -> Iterator[Share]:
    if share.size <= most:
        yield share
        return
    ids, places = share.ids.split(","), share.places.split()
    for start in range(0, share.size, most):
        part = slice(start, start + most)
        yield Share(share.user_id, len(ids[part]), ",".join(ids[part]), " ".join(places[part]))
