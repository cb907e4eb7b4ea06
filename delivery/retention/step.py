"""One table that is pruned: how its old rows are walked, archived and deleted.

The archive is written before anything is locked, so that no lock ever waits for a disk.
"""

import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import BooleanField, Model, Q, QuerySet
from django.db.models.expressions import RawSQL

from delivery.retention.archive import Archive
from delivery.retention.limits import Limits
from events.db import session
from events.db.batch_size import AdaptiveBatch
from events.db.rows import delete_rows

# Rows in a batch; and seconds that it is meant to take from BEGIN to COMMIT.
FIRST, LEAST, MOST, WISH = 500, 250, 2_000, 0.05

# What went, by table.
Gone = Counter[str]
# id -> what was archived of it.
Archived = Mapping[int, object]


class RetentionStep(ABC):
    """Table and its rule: `batches` finds what may go, `archive` keeps it, `take` deletes it."""

    model: ClassVar[type[Model]]
    # Columns of the index that is walked, and the place before all of it.
    key: ClassVar[tuple[str, ...]] = ("id",)
    start: ClassVar[tuple[int | str, ...]] = (0,)

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pace = AdaptiveBatch(first=FIRST, least=LEAST, most=MOST, wish=WISH)

    @abstractmethod
    def may_go(self) -> Q:
        """Rule of what may go, asked once when rows are found and again when they are locked."""

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        """Write the rows; they are on the disk when this returns. Raises OSError: then they must stay."""
        return {}

    def delete(self, ids: Sequence[int], *, archived: Archived | None) -> Gone:
        """Delete what still may go and is still as it was archived; within a transaction. Constant queries."""
        return Counter({self.table: delete_rows(self.table, values=self.lock(ids).values_list("pk", flat=True))})

    def old(self, after: tuple[int | str, ...], *, limit: int) -> QuerySet[Any]:
        """Rows that are old enough to be looked at: of the next `limit` by id, for a table without an index by age,
        where ids come nearly in its order. A few that are out of order don't end the walk."""
        following = self.rows.filter(pk__gt=after[0]).order_by("pk")[:limit]
        return self.rows.filter(pk__in=following.values("pk"), created_at__lt=self.limits.before)

    def batches(self) -> Iterator[list[int]]:
        """Walk the old rows, and give the ids of those that may go. One query a batch beside what its rule asks, no
        lock."""
        place = self.start
        columns = ", ".join(f"{self.table}.{column}" for column in self.key)
        is_later = f"({columns}) > ({', '.join(['%s'] * len(self.key))})"
        while True:
            limit = self._pace.size
            rows = self.old(place, limit=limit).annotate(may_go=self.may_go()).order_by(*self.key)
            following = rows.filter(RawSQL(is_later, place, output_field=BooleanField()))  # noqa: S611  our own names
            found = list(following.values_list("pk", "may_go", *self.key)[:limit])
            if not found:
                return
            place = tuple(found[-1][2:])
            if ids := [pk for pk, may_go, *_ in found if may_go]:
                yield ids

    def take(self, ids: Sequence[int], *, archived: Archived | None) -> Gone:
        """Delete a batch in a transaction, and learn from its time how many rows the next one may have.

        Raises OperationalError where a lock can't be had soon: it rather fails than lets others queue. What went may be
        there again after a power cut, being old and going again: so no lock waits for the disk.
        """
        began = time.monotonic()
        with transaction.atomic():
            session.set_local(lock_timeout="100ms", synchronous_commit="off")
            gone = self.delete(ids, archived=archived)
        self._pace.took(time.monotonic() - began)
        return gone

    def lock(self, ids: Sequence[int]) -> QuerySet[Any]:
        """Lock those of these rows that still may go, without any that somebody else has in hand."""
        return self.rows.select_for_update(skip_locked=True).filter(self.may_go(), pk__in_set=ids).order_by("pk")

    @property
    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.all()

    @property
    def table(self) -> str:
        return self.model._meta.db_table
