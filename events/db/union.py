"""Many queries in one statement."""

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models import QuerySet


def union(queries: Collection[QuerySet[Any, Any]]) -> list[tuple[Any, ...]]:
    """Read the rows of all, each with its own order and limit, at most 500 queries; none for none.

    They ask for `values_list` of whole numbers and texts. The ORM's own union has no limits on SQLite.
    """
    arms: list[str] = []
    params: list[Any] = []
    for number, query in enumerate(queries):
        sql, its_params = query.query.get_compiler(connection=connection).as_sql()
        arms.append(f"SELECT * FROM ({sql}) AS arm{number}")
        params += its_params
    if not arms:
        return []
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms), params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
