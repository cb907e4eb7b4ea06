"""Archive files without a person: their lines are taken out, and events are rewritten."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from delivery.models import Address, Attempt, Delivery
from delivery.privacy import events
from delivery.privacy.person import Person
from delivery.retention import archive
from events.models import Event
from notifications.models import Notification, Summary

Row = dict[str, Any]
# Return what a line becomes; None: it goes.
Change = Callable[[Row], Row | None]


class ArchivedPerson:
    """Lines of one person in the files of an archive. Reads the files of deliveries once, for the attempts at them."""

    def __init__(self, folder: str | Path, person: Person, *, schemas: events.Schemas) -> None:
        self._person, self._schemas = person, schemas
        self._addresses = {*person.addresses, *Address.objects.filter(user=person.id).values_list("pk", flat=True)}
        self._files = {table: sorted(Path(folder).glob(f"{table}-*.jsonl.gz")) for table in self._changes()}
        self._deliveries = {row["id"] for _, row in self._rows(_DELIVERIES) if self._is_delivery(row)}

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Rows that say something of the person, each with the name of its file."""
        for table, change in self._changes().items():
            for path, row in self._rows(table):
                if change(row) != row or (table == _EVENTS and self._concerns(row)):
                    yield path.name, row

    def count(self) -> Counter[str]:
        """Count the lines that go or change, by table."""
        return Counter({f"{table} in the archive": n for table, (n, _) in self._found().items() if n})

    def erase(self) -> Counter[str]:
        """Rewrite the files that hold them; lines that went or changed, by table. Attempts go before deliveries, by
        which they are found."""
        done: Counter[str] = Counter()
        for table, (number, paths) in self._found().items():
            for path in paths:
                archive.rewrite(path, self._changes()[table])
            done[f"{table} in the archive"] += number
        return +done

    def _found(self) -> dict[str, tuple[int, list[Path]]]:
        found = {}
        for table, change in self._changes().items():
            changed = [path for path, row in self._rows(table) if change(row) != row]
            found[table] = len(changed), sorted(set(changed))
        return found

    def _changes(self) -> dict[str, Change]:
        person = self._person
        return {
            _ATTEMPTS: lambda row: None if row["delivery_id"] in self._deliveries else row,
            _DELIVERIES: lambda row: None if self._is_delivery(row) else row,
            Notification._meta.db_table: self._notification,
            Summary._meta.db_table: lambda row: None if row["user_id"] == person.id else row,
            _EVENTS: lambda row: row | events.without(row, person=person, schemas=self._schemas),
        }

    def _notification(self, row: Row) -> Row | None:
        if row["user_id"] == self._person.id:
            return None
        return row | {"actors": self._person.removed_from(row["actors"])} if row.get("actors") else row

    def _is_delivery(self, row: Row) -> bool:
        return row["address_id"] in self._addresses

    def _concerns(self, row: Row) -> bool:
        return events.concerns(row, person=self._person, schemas=self._schemas)

    def _rows(self, table: str) -> Iterator[tuple[Path, Row]]:
        return ((path, row) for path in self._files[table] for row in archive.read(path))


_ATTEMPTS, _DELIVERIES, _EVENTS = Attempt._meta.db_table, Delivery._meta.db_table, Event._meta.db_table
