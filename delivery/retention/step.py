"""One table that is pruned: how its old rows are walked, kept and deleted."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import BigIntegerField, BooleanField, F, Model, Q, QuerySet, Value
from django.db.models.expressions import RawSQL

from delivery.retention.archive import Archive

# Columns of the index that is walked, and a place in it.
Key = tuple[str, ...]
Place = tuple[int | str, ...]
# What went, by table.
Gone = Counter[str]
# id -> the row as it was when it was archived.
Archived = Mapping[int, object]


class Candidate(NamedTuple):
    """An old row that may go; `user_id`: whose inbox it is in, if it is in one."""

    pk: int
    user_id: int | None


class RetentionStep(ABC):
    """A table and a rule: `walk` finds what may go, `archive` keeps it, `delete` takes it."""

    model: ClassVar[type[Model]]
    key: ClassVar[Key] = ("id",)
    start: ClassVar[Place] = (0,)
    owner: ClassVar[str | None] = None

    @abstractmethod
    def rows(self, after: Place, *, limit: int) -> QuerySet[Any]:
        """Rows that are old enough to be looked at; none where the rest is young."""

    @abstractmethod
    def may_go(self) -> Q:
        """Rule of what may go, asked once when rows are found and again when they are locked."""

    @abstractmethod
    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        """Write the rows; they are on the disk when this returns. Raises OSError: then they must stay."""

    @abstractmethod
    def delete(self, batch: Sequence[Candidate], *, archived: Archived | None) -> Gone:
        """Take what still may go and is still as it was archived; within a transaction. Constant queries.

        Raises OperationalError where a lock can't be had.
        """

    def walk(self, after: Place, *, limit: int) -> tuple[Place | None, list[Candidate]]:
        """Find up to `limit` old rows after a place: where they end (None: there are no more), and those that may go.

        One query, no lock.
        """
        columns = ", ".join(f"{self.table}.{column}" for column in self.key)
        is_later = f"({columns}) > ({', '.join(['%s'] * len(after))})"
        rows = self.rows(after, limit=limit).filter(
            RawSQL(is_later, after, output_field=BooleanField())  # noqa: S611  put together from our own names
        )
        owner = F(self.owner) if self.owner else Value(None, output_field=BigIntegerField())
        found = rows.annotate(may_go=self.may_go(), owner=owner).order_by(*self.key)[:limit]
        old = list(found.values_list("pk", "owner", "may_go", *self.key))
        return tuple(old[-1][3:]) if old else None, [Candidate(pk, owner) for pk, owner, may_go, *_ in old if may_go]

    @property
    def table(self) -> str:
        return self.model._meta.db_table


def oldest(model: type[Model], *, after: Place, before: datetime, limit: int) -> QuerySet[Any]:
    """Rows from before that time among the next `limit` by id: for tables without an index by age, where ids come
    nearly in its order. A few that are out of order don't end the walk."""
    following = model._default_manager.filter(pk__gt=after[0]).order_by("pk")[:limit]
    return model._default_manager.filter(pk__in=following.values("pk"), created_at__lt=before)
