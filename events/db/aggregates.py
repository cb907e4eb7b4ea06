"""Aggregates of the ORM that give much for little."""

import json
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, BigIntegerField, Func, IntegerField, Subquery, TextField
from django.db.models.sql.compiler import SQLCompiler


class Numbers(Aggregate):
    """Whole numbers of a group as a list, in no particular order. Read as one text: as rows, ten thousand of them cost
    the ORM far more."""

    function = "group_concat"
    output_field = TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "array_to_string(array_agg(%(expressions)s), ',')"
        return self.as_sql(compiler, connection, template=template, **extra)

    def convert_value(self, value: str | None, _expression: object, _connection: object) -> list[int]:
        numbers: list[int] = json.loads(f"[{value or ''}]")
        return numbers


def numbers_of(select: str) -> str:
    """Expression in SQL for the ids that this query of them gives, in its order, as a text like that of Numbers."""
    if connection.vendor == "postgresql":
        return f"array_to_string(ARRAY({select}), ',')"
    return f"(SELECT group_concat(id) FROM ({select}))"


class Slot(Func):
    """Number of the slot of so many seconds that a moment falls into, counted from 1970."""

    output_field = BigIntegerField()

    def __init__(self, moment: str, *, seconds: int = 60, **extra: Any) -> None:
        super().__init__(moment, seconds=seconds, **extra)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "floor(date_part('epoch', %(expressions)s) / %(seconds)d)::bigint"
        return self.as_sql(compiler, connection, template=template, **extra)

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        template = "(CAST(strftime('%%%%s', %(expressions)s) AS integer) / %(seconds)d)"
        return self.as_sql(compiler, connection, template=template, **extra)


class CountUpTo(Subquery):
    """Number of rows that this query finds, which says itself how many it looks at."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS found)"
    output_field = IntegerField()
