"""Deliveries with their attempts: those of rows that go, and those of tests and confirmations."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from delivery.models import Attempt, Delivery
from delivery.retention import rules
from delivery.retention.archive import Archive
from delivery.retention.rules import Limits
from delivery.retention.step import Archived, Candidate, Gone, Place, RetentionStep, oldest
from events.db.rows import delete_rows

Row = dict[str, Any]

# The bytes that were sent can be large, and say what the event and the row say.
_UNKEPT = ("body", "claim_token", "lease_until")
COLUMNS = [field.attname for field in Delivery._meta.concrete_fields if field.name not in _UNKEPT]


class LoneDeliveries(RetentionStep):
    """Tests and confirmations, which no feed shows."""

    model = Delivery

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def rows(self, after: Place, *, limit: int) -> QuerySet[Any]:
        return oldest(Delivery, after=after, before=self._limits.cutoff, limit=limit)

    def may_go(self) -> Q:
        return rules.lone_delivery_may_go(self._limits)

    def archive(self, ids: Sequence[int], archive: Archive) -> Archived:
        found = {row["id"]: row for row in Delivery.objects.filter(pk__in_set=ids).order_by("pk").values(*COLUMNS)}
        keep(list(found.values()), archive=archive)
        return found

    def delete(self, batch: Sequence[Candidate], *, archived: Archived | None) -> Gone:
        may_go = Delivery.objects.filter(self.may_go(), pk__in_set=[row.pk for row in batch])
        free = may_go.select_for_update(skip_locked=True).order_by("pk").values(*COLUMNS)
        return delete([row["id"] for row in free if archived is None or archived.get(row["id"]) == row])


def keep(rows: Sequence[Row], *, archive: Archive) -> None:
    """Archive deliveries, given as rows of COLUMNS, and their attempts."""
    archive.keep(Delivery._meta.db_table, rows, made="created_at")
    attempts = Attempt.objects.filter(delivery_id__in_set=[row["id"] for row in rows]).order_by("pk")
    archive.keep(Attempt._meta.db_table, attempts.values(), made="started_at")


def delete(ids: Sequence[int]) -> Gone:
    """Take deliveries, which the caller has locked, with their attempts. No query for none."""
    attempts = delete_rows(Attempt._meta.db_table, key="delivery_id", values=ids)
    return Counter(
        {Attempt._meta.db_table: attempts, Delivery._meta.db_table: delete_rows(Delivery._meta.db_table, values=ids)}
    )
