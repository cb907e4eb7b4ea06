"""Many rows, each with its own values, in one statement."""

import json
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections

from events.db.arrays import Condition, any_of, array_literal
from events.db.session import datetime_param

Row = Sequence[Any]
# name -> PostgreSQL type
Columns = Mapping[str, str]


def values_table(columns: Columns, rows: Collection[Row]) -> tuple[str, list[Any]]:
    """Rows as a derived table: SQL to stand after FROM (alias it yourself), and its parameters.

    A row's values come in the order of the columns. Of type `jsonb` they are Python values, of `timestamptz` aware
    datetimes, of `uuid` UUIDs, of `bytea` bytes.
    """
    names = [quoted(name) for name in columns]
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
    for place, db_type in enumerate(columns.values()):
        if (adapt := _ADAPT.get(db_type)) is not None:
            values[place] = _adapted(values[place], adapt)
    if connection.vendor == "postgresql":
        return _unnested(names, list(columns.values()), values)
    if "bytea" in columns.values():
        return _listed(names, values)
    fields = ", ".join(f"json_extract(value, '$[{place}]') AS {name}" for place, name in enumerate(names))
    return f"(SELECT {fields} FROM json_each(%s))", [json.dumps(list(zip(*values, strict=True)))]


def insert_rows(
    table: str,
    *,
    columns: Columns,
    rows: Collection[Row],
    on_conflict: str = "",
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert the rows with one statement, none without rows; the columns `returning` of the new rows.

    `on_conflict`: what follows ON CONFLICT, in SQL; the row in the way bears the table's name, the new one `excluded`.
    """
    if not rows:
        return []
    source, params = values_table(columns, rows)
    names = ", ".join(quoted(name) for name in columns)
    # Without a WHERE, SQLite takes ON CONFLICT for that of a join.
    sql = f"INSERT INTO {table} ({names}) SELECT {names} FROM {source} AS new WHERE true"
    return _executed(sql + (f" ON CONFLICT {on_conflict}" if on_conflict else ""), params, returning=returning)


def update_rows(
    table: str,
    *,
    key: str | Sequence[str] = "id",
    columns: Columns,
    rows: Collection[Row],
    assign: Mapping[str, str] | None = None,
    where: Condition = ("true", []),
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Update each row that has the key of one of these, with one statement, none without rows; what is `returning`.

    `key`: some of the columns. The others are written as they are, unless `assign` says what is: column -> SQL, in
    which the given row is `new`. `where` narrows down which rows of the table; what may be read for them, too.
    """
    if not rows:
        return []
    source, params = values_table(columns, rows)
    keys = [key] if isinstance(key, str) else key
    if assign is None:
        assign = {name: f"new.{quoted(name)}" for name in columns if name not in keys}
    assignments = ", ".join(f"{quoted(name)} = {value}" for name, value in assign.items())
    is_key = " AND ".join(f"{table}.{quoted(name)} = new.{quoted(name)}" for name in keys)
    condition, its_params = where
    sql = f"UPDATE {table} SET {assignments} FROM {source} AS new WHERE {is_key} AND ({condition})"
    return _executed(sql, [*params, *its_params], returning=[f"{table}.{quoted(name)}" for name in returning])


def delete_rows(table: str, *, key: str = "id", values: Collection[int]) -> int:
    """Delete the rows that have one of these in the column `key`, with one statement, none without values; how many.

    The ORM would look row by row for what cascades: the caller has taken that along.
    """
    if not values:
        return 0
    is_one, params = any_of(key, values)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {is_one}", params)
        return int(cursor.rowcount)


def quoted(name: str, *, alias: str = DEFAULT_DB_ALIAS) -> str:
    """Name of a table or column as SQL has it."""
    return connections[alias].ops.quote_name(name)


def _executed(sql: str, params: list[Any], *, returning: Sequence[str]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql + (f" RETURNING {', '.join(returning)}" if returning else ""), params)
        return cursor.fetchall() if returning else []


def _adapted(values: Sequence[Any], adapt: Callable[[Any], Any]) -> list[Any]:
    """Values as parameters; one object that many rows have, such as a moment, is adapted once."""
    objects = dict(zip(map(id, values), values, strict=True))
    adapted = {key: None if value is None else adapt(value) for key, value in objects.items()}
    return [adapted[key] for key in map(id, values)]


def _unnested(names: Sequence[str], db_types: Sequence[str], values: Sequence[list[Any]]) -> tuple[str, list[Any]]:
    """PostgreSQL's arrays, one a column, but of a column that is alike in every row its one value."""
    shared = [len(set(column)) == 1 for column in values]
    if all(shared) and len(values[0]) > 1:
        # One is an array whatever it holds: it says how many rows there are.
        shared[0] = False
    named = list(zip(names, db_types, values, shared, strict=True))
    fields = ", ".join(f"%s::{db_type} AS {name}" if is_shared else name for name, db_type, _, is_shared in named)
    params = [column[0] for _, _, column, is_shared in named if is_shared]
    if all(shared):
        # A single row without a function is planned in half the time, and by what it holds.
        return f"(SELECT {fields})", params
    arrays = [array_literal(column) for _, _, column, is_shared in named if not is_shared]
    array_names = ", ".join(name for name, _, _, is_shared in named if not is_shared)
    unnest = ", ".join(f"%s::{db_type}[]" for _, db_type, _, is_shared in named if not is_shared)
    return f"(SELECT {fields} FROM unnest({unnest}) AS u({array_names}))", params + arrays


def _listed(names: Sequence[str], values: Sequence[list[Any]]) -> tuple[str, list[Any]]:
    """SQLite's rows that JSON can't carry: a parameter each value, at most 32,766 of them."""
    fields = ", ".join(f"column{place} AS {name}" for place, name in enumerate(names, start=1))
    rows = list(zip(*values, strict=True))
    marks = ", ".join([f"({', '.join(['%s'] * len(names))})"] * len(rows))
    return f"(SELECT {fields} FROM (VALUES {marks}))", [value for row in rows for value in row]


def _uuid(value: uuid.UUID) -> str:
    return str(value) if connection.features.has_native_uuid_field else value.hex


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _bytes(value: bytes) -> bytes | str:
    return f"\\x{value.hex()}" if connection.vendor == "postgresql" else value


_ADAPT: dict[str, Callable[[Any], Any]] = {
    "timestamptz": datetime_param,
    "jsonb": _json,
    "uuid": _uuid,
    "bytea": _bytes,
}
