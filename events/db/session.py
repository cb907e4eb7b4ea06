"""Settings of a database session that hold until its transaction ends."""

from __future__ import annotations

from django.db import connection


def set_local(**settings: str) -> None:
    """Set what PostgreSQL calls these until the transaction ends: one query. SQLite has none of them: no query."""
    if connection.vendor != "postgresql":
        return
    each = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {each}", [part for setting in settings.items() for part in setting])
