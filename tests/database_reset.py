"""Reset of the tables after a test that really commits: they are as the migrations left them.

Django's own way truncates all tables, which takes PostgreSQL longer than most of these tests take, and forgets what the
migrations put in.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from django.apps import apps
from django.db import connection, transaction

Row = tuple[Any, ...]


class InitialRows:
    """Rows of each table once the database is migrated: a few hundred in all."""

    def __init__(self) -> None:
        # What is pointed to comes before what points to it: not every key waits for the end of the transaction.
        self._rows = {table: _rows(table) for table in _in_order()}

    def restore(self) -> None:
        with connection.constraint_checks_disabled(), transaction.atomic():
            changed = [table for table, rows in self._rows.items() if not rows or _rows(table) != rows]
            with connection.cursor() as cursor:
                for table in reversed(changed):
                    cursor.execute(f'DELETE FROM "{table}"')
                for table in changed:
                    if rows := self._rows[table]:
                        places = ", ".join(["%s"] * len(rows[0]))
                        cursor.executemany(f'INSERT INTO "{table}" VALUES ({places})', rows)


def _in_order() -> list[str]:
    needs: TopologicalSorter[str] = TopologicalSorter()
    for model in apps.get_models(include_auto_created=True):
        pointed_to = {field.related_model for field in model._meta.concrete_fields} - {model}
        needs.add(model._meta.db_table, *(other._meta.db_table for other in pointed_to if other))
    return list(needs.static_order())


def _rows(table: str) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
        return [tuple(row) for row in cursor.fetchall()]
