"""History of another package becomes Carillon's: events and rows in feeds that nobody is told of any more.

Imported events stand before the log's beginning, at positions below 0: no subscriber reads them and no replay comes to
them. Their rows are below all others of a feed (`feed_seq` 0), in the order in which they were.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Min

from events import accounts
from events.entities import Entity
from events.errors import Refused
from events.models import Event, EventType, LogHead
from events.rules import payload_schema
from notifications.importing.django_notifications import OldNotification, Table, Thing
from notifications.importing.sentences import Named, named, sentence
from notifications.inbox import marking, removal
from notifications.models import Notification

EVENT_TYPE = "imported.notification"
REASON = "imported"


@dataclass
class Imported:
    """Numbers of rows. `known`: imported before; the others were left out: deleted by their person, of people who are
    gone, or older than what retention keeps."""

    imported: int = 0
    known: int = 0
    deleted: int = 0
    nobody: int = 0
    old: int = 0


def run(table: Table, *, since: datetime, progress: Callable[[int], object]) -> Imported:
    """Import what isn't there yet, a transaction for each 500 rows; `progress` hears how many were looked at.

    May be stopped at any point and run again, also at the same time. The number of queries for a batch depends only on
    how many kinds of things its rows are about, and what a project's own code asks to name them.
    """
    done, event_type = Imported(), _event_type()
    for batch in table.batches():
        done.deleted += sum(row.is_deleted for row in batch)
        kept = [row for row in batch if not row.is_deleted]
        done.old += sum(row.at < since for row in kept)
        fresh = [row for row in kept if row.at >= since]
        people = set(accounts.everyone().filter(pk__in_set={row.user_id for row in fresh}).values_list("pk", flat=True))
        theirs = {_key(table, row): row for row in fresh if row.user_id in people}
        done.nobody += len(fresh) - len(theirs)
        known = _known(theirs)
        new = {key: row for key, row in theirs.items() if key not in known}
        # Before the locks: the names are asked of the project's own code.
        names = named({thing for row in new.values() for thing in row.things})
        written = _write([(row, _event(row, event_type, names, key=key)) for key, row in new.items()])
        done.imported += written
        done.known += len(theirs) - written
        progress(len(batch))
    return done


def _event_type() -> EventType:
    """Type of all that is imported, made when it is first needed; nobody publishes it."""
    return EventType.objects.get_or_create(
        name=EVENT_TYPE,
        defaults={
            "category": "imported",
            "description": "A notification from before Carillon",
            "title_template": "{{ payload.title }}",
            "body_template": "{{ payload.description }}",
            "url_template": "{{ payload.url }}",
            "digest_one": "1 imported notification",
            "digest_many": "{n} imported notifications",
            "sample": {"title": "Ana approved Shot 41", "verb": "approved", "url": "/shots/41/"},
            "is_active": False,
        },
    )[0]


def _key(table: Table, row: OldNotification) -> str:
    return f"{table.name}:{row.id}"


def _event(row: OldNotification, event_type: EventType, names: dict[Thing, Named], *, key: str) -> Event:
    about = row.target or row.action_object or row.actor
    source = _entity(about) if about and names[about].user_id is None else None
    payload = {
        "title": sentence(row, names),
        "description": row.description,
        "verb": row.verb,
        "level": row.level,
        "url": names[about].url if about else "",
        "data": row.data,
    }
    payload = {name: value for name, value in payload.items() if value not in (None, "", {})}
    try:
        payload_schema.check_payload(payload, schema=None)
    except Refused:
        # What was added to it can't be kept by every database; the sentence can.
        kept = ("title", "description", "verb", "level", "url")
        payload = {name: str(payload[name]).replace("\0", "") for name in kept if name in payload}
    return Event(
        event_type=event_type,
        **(source.columns("source_entity") if source else {}),
        actor_user_id=names[row.actor].user_id if row.actor else None,
        payload=payload,
        created_at=row.at,
        idempotency_key=key,
    )


def _entity(thing: Thing) -> Entity | None:
    try:
        return Entity(thing.model, thing.key)
    except Refused:
        return None


def _write(rows: Sequence[tuple[OldNotification, Event]]) -> int:
    """Store what isn't there, with the badges of its people; how many. Sockets hear that their feed has changed."""
    if not rows:
        return 0
    with transaction.atomic():
        # One importer at a time, and the positions are its own.
        LogHead.objects.select_for_update().get(pk=1)
        known = _known([event.idempotency_key for _row, event in rows])
        fresh = [(row, event) for row, event in rows if event.idempotency_key not in known]
        if not fresh:
            return 0
        lowest = min(Event.objects.aggregate(lowest=Min("position"))["lowest"] or 0, 0)
        for place, (_row, event) in enumerate(fresh):
            event.position = lowest - len(fresh) + place
        marking.lock_all({row.user_id for row, _event in fresh})
        Event.objects.bulk_create([event for _row, event in fresh])
        Notification.objects.bulk_create(_notification(row, event) for row, event in fresh)
        unread = Counter(row.user_id for row, _event in fresh if not row.is_read)
        people = {row.user_id for row, _event in fresh}
        removal.leave([removal.Removed(user, None, -unread[user]) for user in people])
        return len(fresh)


def _known(keys: Iterable[str | None]) -> set[str | None]:
    found = Event.objects.filter(publisher="", idempotency_key__in_set=list(keys))
    return set(found.values_list("idempotency_key", flat=True))


def _notification(row: OldNotification, event: Event) -> Notification:
    return Notification(
        event=event,
        user_id=row.user_id,
        reason=REASON,
        is_read=row.is_read,
        read_at=row.at if row.is_read else None,
        is_delivered=True,
        delivered_at=row.at,
        created_at=row.at,
    )
