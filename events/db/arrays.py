"""Sets travel to the database as one parameter, however many they hold.

PostgreSQL unnests arrays, SQLite walks a JSON text (it allows 999 parameters a statement by default).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, Field, ForeignKey, Lookup, QuerySet
from django.db.models.sql.compiler import SQLCompiler


class Once:
    """A set that several queries ask for: spelled once, and not walked by the ORM, which looks at every element of
    any other collection."""

    def __init__(self, values: Iterable[int | str]) -> None:
        self._values = list(values)

    @classmethod
    def of_joined(cls, numbers: str) -> Once:
        """Of whole numbers as `joined` spells them."""
        once = cls(())
        once.array, once.json = f"{{{numbers}}}", f"[{numbers}]"
        return once

    @cached_property
    def array(self) -> str:
        return _array(self._values)

    @cached_property
    def json(self) -> str:
        return json.dumps(self._values)

    def table(self, column: str) -> tuple[str, list[Any]]:
        """Whole numbers as a derived table of one column, as `table` gives one."""
        if connection.vendor == "postgresql":
            return f"(SELECT unnest(%s::bigint[]) AS {column})", [self.array]
        return f"(SELECT value AS {column} FROM json_each(%s))", [self.json]


class InSet(Lookup[Any]):
    """`filter(id__in_set=ids)`: like `in`, but one parameter for any number of whole numbers or texts (or a `Once`)."""

    lookup_name = "in_set"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        return f"{lhs} IN (SELECT value FROM json_each(%s))", (*params, _once(self.rhs).json)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        lhs, params = self.process_lhs(compiler, connection)
        # Without the column's own type a set of small numbers becomes smallint[], which PostgreSQL searches row by row.
        kind = self.lhs.output_field.cast_db_type(connection)
        return f"{lhs} = ANY(%s::{kind}[])", (*params, _once(self.rhs).array)


def _once(values: Any) -> Once:
    return values if isinstance(values, Once) else Once(values)


def register() -> None:
    """Give every field the lookup; once, at start-up."""
    Field.register_lookup(InSet)
    ForeignKey.register_lookup(InSet)


def joined(column: str) -> str:
    """An aggregate: the whole numbers of a group as `1,2,3`, which costs little to read however many they are."""
    if connection.vendor == "postgresql":
        return f"array_to_string(array_agg({column}), ',')"
    return f"group_concat({column})"


# Where at least every so-manieth whole number is wanted, a range of the index is read, not searched for each.
DENSE = 4


def among(column: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    """Like `within`, for sorted whole numbers that may lie so close that reading their range is the cheaper way."""
    if connection.vendor != "postgresql" or values[-1] - values[0] >= DENSE * len(values):
        return within(column, values)
    is_near, bounds = between(column, values)
    # Cast, so that this is asked of the rows found (in a hash table), not of the index.
    return f"{is_near} AND {column}::bigint = ANY(%s::bigint[])", [*bounds, _array(values)]


# Where no more than so many times as many lie between them, those are read too, and what for is looked at later.
NEARLY_ALL = 1.25


def around(column: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    """Like `among`, but perhaps of others between them too: where nearly all are wanted, planning for and comparing
    with each costs more than reading those."""
    if values[-1] - values[0] < NEARLY_ALL * len(values):
        return between(column, values)
    return among(column, values)


def between(column: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    """A condition that bounds a search for sorted whole numbers, and its parameters.

    Beside `within` or a join with `table`: people told in chunks by their ids then cost their own range of an index,
    and never the whole table, whatever is known of its size.
    """
    return f"{column} BETWEEN %s AND %s", [values[0], values[-1]]


def within(column: str, values: Iterable[int | str] | Once, *, kind: str = "bigint") -> tuple[str, list[Any]]:
    """A condition for a statement in SQL, and its parameter; for whole numbers, or values of another PostgreSQL type.

    On PostgreSQL an index finds them. Beside a join with `table` too: alone that may read the whole table each time.
    """
    these = _once(values)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{kind}[])", [these.array]
    return f"{column} IN (SELECT value FROM json_each(%s))", [these.json]


def table(columns: dict[str, str], rows: Collection[Sequence[Any]]) -> tuple[str, list[Any]]:
    """Rows as a derived table: SQL to stand after FROM (alias it yourself), and its parameters.

    `columns`: name -> PostgreSQL type (`bigint`, `text`, `boolean`); a row's values begin with these, in that order.
    """
    if connection.vendor == "postgresql":
        if len(rows) == 1:
            # Its values in place of a function: planned in half the time, and by what they are.
            [row] = rows
            values = ", ".join(f"%s::{kind} AS {name}" for name, kind in columns.items())
            return f"(SELECT {values})", list(row[: len(columns)])
        return _unnested(columns, list(zip(*rows, strict=True))[: len(columns)] or [() for _ in columns])
    fields = ", ".join(f"json_extract(value, '$[{number}]') AS {name}" for number, name in enumerate(columns))
    return f"(SELECT {fields} FROM json_each(%s))", [json.dumps([row[: len(columns)] for row in rows])]


def _unnested(columns: dict[str, str], values: Sequence[tuple[Any, ...]]) -> tuple[str, list[Any]]:
    """The columns as arrays, but what every row has alike goes along once. One is an array whatever it holds: it says
    how many rows there are."""
    shared = [len(set(column)) == 1 for column in values]
    if all(shared):
        shared[0] = False
    named = list(zip(columns.items(), values, shared, strict=True))
    fields = ", ".join(f"%s::{kind} AS {name}" if is_shared else name for (name, kind), _, is_shared in named)
    names = ", ".join(name for (name, _), _, is_shared in named if not is_shared)
    unnest = ", ".join(f"%s::{kind}[]" for (_, kind), _, is_shared in named if not is_shared)
    params = [column[0] for _, column, is_shared in named if is_shared]
    arrays = [_array(column) for _, column, is_shared in named if not is_shared]
    return f"(SELECT {fields} FROM unnest({unnest}) AS u({names}))", params + arrays


def read(rows: QuerySet[Any], *, column: str, most: int | None = None) -> list[int]:
    """A column of whole numbers, in no particular order, of `most` rows if that is said. As one text: ten thousand rows
    cost the ORM far more."""
    sql, params = rows.order_by().values(number=F(column))[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {joined('number')} FROM ({sql}) AS found", params)
        return numbers(cursor.fetchone()[0])


def numbers(joined: str | None) -> list[int]:
    """What `joined` spells, once it is read; nothing of no rows."""
    found: list[int] = json.loads(f"[{joined or ''}]")
    return found


def _array(values: Iterable[Any]) -> str:
    """An array in PostgreSQL's own spelling: several times faster than the driver, which adapts each element.

    The columns of a table mostly repeat few values: each is spelled once.
    """
    given = list(values)
    if set(map(type, given)) == {int}:
        return f"{{{repr(given)[1:-1]}}}"
    spelled = {value: _element(value) for value in set(given)}
    return f"{{{','.join([spelled[value] for value in given])}}}"


def _element(value: int | str | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
