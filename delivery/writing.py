"""Many rows, each with its own values, in one statement; and values as they travel there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from events.db import arrays


def update_rows(
    table: str, columns: dict[str, str], rows: Sequence[Sequence[object]], *, also: str = "", where: str = "true"
) -> None:
    """`columns`: name -> PostgreSQL type, `id` among them; a row's values come in that order."""
    if not rows:
        return
    changed, params = arrays.table(columns, rows)
    values = ", ".join(f"{name} = changed.{name}" for name in columns if name != "id")
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {values}{', ' if also else ''}{also} FROM {changed} AS changed "
            f"WHERE {table}.id = changed.id AND {where}",
            params,
        )


def stamp(at: datetime | None) -> str | None:
    return None if at is None else str(connection.ops.adapt_datetimefield_value(at))


def plain(text: str, *, limit: int) -> str:
    """What a stranger said as the database takes it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()[:limit]
