"""Sets as one parameter of a statement, however many values they hold.

PostgreSQL unnests arrays, SQLite walks a JSON text (it allows 999 parameters a statement by default).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet

# A condition of a statement in SQL, and its parameters.
Condition = tuple[str, list[Any]]


class Array:
    """Values to search for, spelled once for all queries that take them. The ORM would walk any other collection."""

    def __init__(self, values: Iterable[int | str]) -> None:
        self._values = list(values)

    @cached_property
    def literal(self) -> str:
        """PostgreSQL's own spelling of an array."""
        return spelled(self._values)

    @cached_property
    def json(self) -> str:
        return json.dumps(self._values)

    @classmethod
    def of_joined(cls, numbers: str) -> Array:
        """Of whole numbers as `joined` spells them."""
        array = cls(())
        array.literal, array.json = f"{{{numbers}}}", f"[{numbers}]"
        return array

    def table(self, column: str) -> tuple[str, list[Any]]:
        """Whole numbers as a derived table of one column, as `table` gives one."""
        if connection.vendor == "postgresql":
            return f"(SELECT unnest(%s::bigint[]) AS {column})", [self.literal]
        return f"(SELECT value AS {column} FROM json_each(%s))", [self.json]


Once = Array


def array_of(values: Iterable[int | str] | Array) -> Array:
    return values if isinstance(values, Array) else Array(values)


def any_of(column: str, values: Iterable[int | str] | Array, *, db_type: str = "bigint") -> Condition:
    """Condition that the column has one of these values, whole numbers or another PostgreSQL type. Indexes serve it."""
    array = array_of(values)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{db_type}[])", [array.literal]
    return f"{column} IN (SELECT value FROM json_each(%s))", [array.json]


def id_range(column: str, ids: Sequence[int]) -> Condition:
    """Condition that the column lies between the first and the last of these sorted ids.

    Beside `any_of` or a join with a `values_table`: what is done in chunks by id then reads its own range of an index
    for each, and never the whole table, whatever the planner knows of its size.
    """
    return f"{column} BETWEEN %s AND %s", [ids[0], ids[-1]]


def joined(column: str) -> str:
    """Aggregate of a group's whole numbers as `1,2,3`, which costs little to read however many they are."""
    if connection.vendor == "postgresql":
        return f"array_to_string(array_agg({column}), ',')"
    return f"group_concat({column})"


def numbers(joined: str | None) -> list[int]:
    """Whole numbers that `joined` spelled; none of no rows."""
    found: list[int] = json.loads(f"[{joined or ''}]")
    return found


def read(rows: QuerySet[Any], *, column: str, most: int | None = None) -> list[int]:
    """Whole numbers of a column of the rows, at most so many, in no particular order.

    Read as one text: ten thousand rows cost the ORM far more.
    """
    sql, params = rows.order_by().values(number=F(column))[:most].query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {joined('number')} FROM ({sql}) AS found", params)
        return numbers(cursor.fetchone()[0])


def spelled(values: Iterable[Any]) -> str:
    """Array in PostgreSQL's own spelling: several times faster than the driver, which adapts each element.

    The columns of a table mostly repeat few values: each is spelled once.
    """
    given = list(values)
    if set(map(type, given)) == {int}:
        return f"{{{repr(given)[1:-1]}}}"
    elements = {value: _element(value) for value in set(given)}
    return f"{{{','.join([elements[value] for value in given])}}}"


def _element(value: int | str | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)


DENSE = 4
NEARLY_ALL = 1.25


def among(column: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    """Like `within`, for sorted whole numbers that may lie so close that reading their range is the cheaper way."""
    if connection.vendor != "postgresql" or values[-1] - values[0] >= DENSE * len(values):
        return within(column, values)
    is_near, bounds = between(column, values)
    # Cast, so that this is asked of the rows found (in a hash table), not of the index.
    return f"{is_near} AND {column}::bigint = ANY(%s::bigint[])", [*bounds, spelled(values)]


def around(column: str, values: Sequence[int]) -> tuple[str, list[Any]]:
    """Like `among`, but perhaps of others between them too: where nearly all are wanted, planning for and comparing
    with each costs more than reading those."""
    if values[-1] - values[0] < NEARLY_ALL * len(values):
        return between(column, values)
    return among(column, values)


between = id_range


def within(column: str, values: Iterable[int | str] | Array, *, kind: str = "bigint") -> tuple[str, list[Any]]:
    """A condition for a statement in SQL, and its parameter; for whole numbers, or values of another PostgreSQL type.

    On PostgreSQL an index finds them. Beside a join with `table` too: alone that may read the whole table each time.
    """
    these = array_of(values)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{kind}[])", [these.literal]
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
    arrays = [spelled(column) for _, column, is_shared in named if not is_shared]
    return f"(SELECT {fields} FROM unnest({unnest}) AS u({names}))", params + arrays
