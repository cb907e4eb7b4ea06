"""Sets as one parameter of a statement, however many values they hold.

PostgreSQL unnests arrays, SQLite walks a JSON text (it allows 999 parameters a statement by default).
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

# A condition of a statement in SQL, and its parameters.
Condition = tuple[str, list[Any]]
_BITS = {"smallint": 15, "integer": 31, "bigint": 63}


def any_of(column: str, values: Iterable[int | str], *, db_type: str = "bigint") -> Condition:
    """Condition that the column has one of these values, whole numbers or another PostgreSQL type. Indexes serve it.

    A number that no such column can hold is nobody's, and no error.
    """
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s::{db_type}[])", [array_literal(_storable(values, db_type=db_type))]
    return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(list(values))]


def id_range(column: str, ids: Sequence[int]) -> Condition:
    """Condition that the column lies between the first and the last of these sorted ids.

    Beside `any_of` or a join with a `values_table`: what is done in chunks by id then reads its own range of an index
    for each, and never the whole table, whatever the planner knows of its size.
    """
    return f"{column} BETWEEN %s AND %s", [ids[0], ids[-1]]


def array_literal(values: Iterable[Any]) -> str:
    """Array in PostgreSQL's own spelling: several times faster than the driver, which adapts each element.

    The columns of a table mostly repeat few values: each is spelled once.
    """
    given = list(values)
    if set(map(type, given)) == {int}:
        return f"{{{repr(given)[1:-1]}}}"
    elements = {value: _element(value) for value in set(given)}
    return f"{{{','.join([elements[value] for value in given])}}}"


def _storable(values: Iterable[Any], *, db_type: str) -> Iterable[Any]:
    if db_type not in _BITS:
        return values
    given, limit = list(values), 1 << _BITS[db_type]
    if not given or (min(given) >= -limit and max(given) < limit):
        return given
    return [number for number in given if -limit <= number < limit]


def _element(value: int | str | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
