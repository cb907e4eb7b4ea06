"""Commands that need the tables: before `migrate` they end with what to do, not with an error of the database."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


class MigratedCommand(BaseCommand):
    """Command whose error of the database, where migrations are missing, is that they are."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DatabaseError as error:
            if not (missing := _missing()):
                raise
            raise CommandError(
                f"The database lacks {missing} migrations: run `manage.py migrate`, and then this again."
            ) from error


def _missing() -> int:
    """Count migrations that aren't applied; 0 within a transaction, which the error has ended: it answers nothing."""
    if connection.in_atomic_block:
        return 0
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
