"""Walks over tables in which a person may be named anywhere, batch by batch along the key."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db.models import QuerySet

from delivery.models.addresses import ADDRESS_ENTITY
from delivery.privacy.events import COLUMNS
from delivery.privacy.person import Person
from events.models import Event
from notifications.models import Notification

# Payloads may be large: so many rows are in memory at a time.
BATCH = 500
EVENT_COLUMNS = ("id", "created_at", "source_entity_key", *COLUMNS)
Row = dict[str, Any]
T = TypeVar("T")


def events() -> Iterator[Row]:
    """Every event, with the columns that may name somebody. Reads the log whole."""
    return _by_key(Event.objects.values(*EVENT_COLUMNS))


def alerts(person: Person) -> Iterator[Row]:
    """Events about a person's addresses, with the same columns."""
    about = Event.objects.filter(source_entity_type=ADDRESS_ENTITY, source_entity_id__in_set=person.addresses)
    return _by_key(about.values(*EVENT_COLUMNS))


def notifications_of_others(person: Person) -> Iterator[Row]:
    """Bursts in which a person is one of those who acted. Reads the table whole."""
    rows = Notification.objects.exclude(actors=None).exclude(user=person.id).values("id", "actors")
    return (row for row in _by_key(rows) if person.is_in(row["actors"]))


def _by_key(rows: QuerySet[Any, Any]) -> Iterator[Row]:
    after = 0
    while batch := list(rows.filter(pk__gt=after).order_by("pk")[:BATCH]):
        yield from batch
        after = batch[-1]["id"]


def batches(values: Iterable[T]) -> Iterator[list[T]]:
    """Lists of at most 500 of the values."""
    rest = iter(values)
    while batch := list(islice(rest, BATCH)):
        yield batch
