"""System check that refuses a database of Carillon 0.1, whose apps had the labels that are a host project's now."""

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder

# Both were applied in every database of 0.1; a host project's own app `events` has no two of these names.
MADE_BY_0_1 = {("events", "0002_seeded_types"), ("events", "0003_database_rules")}
REFUSAL = (
    "This database was made by Carillon 0.1, whose tables this version can't take over: "
    "set DATABASE_URL to a new, empty database, or go on with 0.1."
)


@checks.register(checks.Tags.database)
def no_older_database(*, databases: Sequence[str] | None = None, **_more: Any) -> list[checks.CheckMessage]:
    """An error for each database of 0.1, before `migrate` touches it."""
    return [checks.Error(REFUSAL, id="carillon_events.E001") for alias in databases or () if is_older(alias)]


def is_older(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """True for a database of 0.1; False for one that is away: its own error says more. Two queries."""
    connection = connections[alias]
    try:
        # Closed again where it was closed: what comes next may fork, or pool.
        with connection.temporary_connection():
            return MigrationRecorder(connection).applied_migrations().keys() >= MADE_BY_0_1
    except DatabaseError:
        return False


def end_if_older(**_of_signal: object) -> None:
    """End a Celery process that has a database of 0.1; a receiver of `worker_init` and `beat_init`."""
    if is_older():
        # What a receiver raises otherwise Celery logs, and goes on.
        raise SystemExit(REFUSAL)
