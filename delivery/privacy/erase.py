"""Erasing a person, step by step: each batch is one transaction, and a run that broke off is begun again."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, Q

from delivery.models import Address, Attempt, Delivery
from delivery.privacy import events, walk
from delivery.privacy.archives import ArchivedPerson
from delivery.privacy.person import Person
from delivery.privacy.tables import NAMED_IN, OWNED, PersonTable
from events import accounts
from events.db.rows import update_rows
from events.models import CommandEntry, Event
from events.rules.personal import ERASED
from notifications.inbox import removal
from notifications.models import Notification

BATCH = 500
_COLUMNS = {
    "id": "bigint",
    "actor_user_id": "bigint",
    "publisher": "text",
    "idempotency_key": "text",
    "recipients": "jsonb",
    "payload": "jsonb",
}


def count(person: Person, *, archive_dir: str | Path | None) -> Counter[str]:
    """Count what `erase` would delete or change, by table. Reads the log and the archive whole."""
    schemas = events.marked_schemas()
    found = Counter({table.name: table.rows(person).count() for table in OWNED})
    found.update({_emptied(table): table.rows(person).count() for table in NAMED_IN})
    found["events changed"] = sum(bool(events.without(row, person=person, schemas=schemas)) for row in walk.events())
    found["notifications of others changed"] = sum(1 for _ in walk.notifications_of_others(person))
    if archive_dir:
        found += ArchivedPerson(archive_dir, person, schemas=schemas).count()
    return +found


def erase(
    person: Person, *, archive_dir: str | Path | None, keep_account: bool = False, report: Callable[[str], object]
) -> Counter[str]:
    """Erase a person: what happened, by table. `report` is told of each step as it ends.

    The account goes last, so that whoever runs this again after a crash still finds their names. Raises what the
    deletion of the account raises where the project's own tables forbid it; the rest is done by then.
    """
    done: Counter[str] = Counter()
    schemas = events.marked_schemas()
    if not keep_account:
        # Nobody tells them of anything more, while their rows go.
        accounts.everyone().filter(pk=person.id).update(is_active=False)
    for step in _steps(person, archive_dir, schemas):
        done += (gone := Counter(step()))
        for table, number in (+gone).items():
            report(f"{number} {table}")
    if person.account is not None and not keep_account:
        person.account.delete()
        done["account"] += 1
    return done


def _steps(
    person: Person, archive_dir: str | Path | None, schemas: events.Schemas
) -> Iterator[Callable[[], Counter[str]]]:
    yield lambda: _change_events(walk.events(), person, schemas)
    yield lambda: _leave_bursts(person)
    if archive_dir:
        # While their addresses are still there, by which its deliveries are found.
        yield ArchivedPerson(archive_dir, person, schemas=schemas).erase
    yield lambda: _leave_logs(person)
    yield from (partial(_empty, table, person) for table in NAMED_IN)
    yield from (partial(_delete, table, person) for table in OWNED)
    # Of an address that failed meanwhile: now that it is gone nobody publishes any more.
    yield lambda: _change_events(walk.alerts(person), person, schemas)


def _change_events(log: Iterable[walk.Row], person: Person, schemas: events.Schemas) -> Counter[str]:
    """Rewrite those of these events that name a person, and forget the texts of messages that were made of them."""
    changed = 0
    named = (row["id"] for row in log if events.without(row, person=person, schemas=schemas))
    for ids in walk.batches(named):
        with transaction.atomic():
            rows = Event.objects.select_for_update().filter(pk__in_set=ids).values("id", *events.COLUMNS)
            new = [row | events.without(row, person=person, schemas=schemas) for row in rows]
            update_rows("events", columns=_COLUMNS, rows=[tuple(row[name] for name in _COLUMNS) for row in new])
            _forget_messages(ids)
            changed += len(new)
    return Counter({"events changed": changed})


def _forget_messages(ids: Sequence[int]) -> None:
    """Delete the bytes of messages about events: what is still to be sent is made anew, of what they say now.

    Needs a transaction in which the events are rewritten.
    """
    rows = Notification.objects.filter(event_id__in_set=ids)
    about = Q(event_id__in_set=ids) | Q(notification__in=rows) | Q(summary__in=rows.values("summary"))
    deliveries = Delivery.objects.filter(about)
    # A claim that has read what they said before writes its bytes first; none begins before these are committed.
    list(deliveries.select_for_update(of=("self",)).order_by("pk").values_list("pk"))
    Attempt.objects.filter(delivery__in=deliveries).exclude(excerpt="").update(excerpt="")
    deliveries.exclude(body=None).update(body=None, content_type="")


def _leave_bursts(person: Person) -> Counter[str]:
    changed = 0
    for rows in walk.batches(walk.notifications_of_others(person)):
        new = [(row["id"], person.removed_from(row["actors"])) for row in rows]
        update_rows("notifications", columns={"id": "bigint", "actors": "jsonb"}, rows=new)
        changed += len(new)
    return Counter({"notifications of others changed": changed})


def _leave_logs(person: Person) -> Counter[str]:
    """Take their name out of the admin's log about them, and out of the traces of commands."""
    theirs: list[tuple[type[Model], Iterable[int]]] = [
        (accounts.everyone().model, [person.id]),
        (Address, person.addresses),
    ]
    changed = 0
    for model, ids in theirs:
        kind = ContentType.objects.get_for_model(model)
        about = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in ids])
        changed += about.exclude(object_repr=ERASED).update(object_repr=ERASED, change_message="")
    if person.account is not None:
        name = f" of {person.account} for "
        for entry in CommandEntry.objects.filter(command="token", text__contains=name):
            entry.text = entry.text.replace(name, f" of {ERASED} for ")
            entry.save(update_fields=["text"])
            changed += 1
    return Counter({"log entries changed": changed})


def _empty(table: PersonTable, person: Person) -> Counter[str]:
    changed = 0
    while ids := list(table.rows(person).values_list("pk", flat=True)[:BATCH]):
        changed += table.model._default_manager.filter(pk__in=ids).update(**{table.lookup: None})
    return Counter({_emptied(table): changed})


def _delete(table: PersonTable, person: Person) -> Counter[str]:
    if table.model is Notification:
        return Counter({table.name: removal.remove(table.rows(person))})
    gone = 0
    while ids := list(table.rows(person).values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            table.model._default_manager.filter(pk__in=ids).delete()
        gone += len(ids)
    return Counter({table.name: gone})


def _emptied(table: PersonTable) -> str:
    column: Any = table.lookup.removesuffix("_id").replace("_", " ")
    return f"{table.name} without {column}"
