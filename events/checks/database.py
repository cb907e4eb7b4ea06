"""System checks of a database: whose tables they are, whether its clock is right, which schemas can't be used.

The apps of 0.1 had labels that are a host project's now.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder

from events.db import clock
from events.rules import payload_schema

# Both were applied in every database of 0.1; a host project's own app `events` has no two of these names.
MADE_BY_0_1 = {("events", "0002_seeded_types"), ("events", "0003_database_rules")}
REFUSAL = (
    "This database was made by Carillon 0.1, whose tables this version can't take over: "
    "set DATABASE_URL to a new, empty database, or go on with 0.1."
)
HINT = "Its payloads are refused. Mend the schema in the admin, or where the type is declared."
# How many types with a schema are looked at, and how many of them are named.
MOST_LOOKED_AT = 1000
MOST_NAMED = 20
LABELS = ("carillon_events", "carillon_notifications", "carillon_delivery")


@checks.register(checks.Tags.database)
def no_older_database(*, databases: Sequence[str] | None = None, **_more: Any) -> list[checks.CheckMessage]:
    """An error for each database of 0.1, before `migrate` touches it."""
    return [checks.Error(REFUSAL, id="carillon.E004") for alias in databases or () if is_older(alias)]


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


@checks.register(checks.Tags.database)
def tables_are_ours(*, databases: Sequence[str] | None = None, **_more: Any) -> list[checks.CheckMessage]:
    """An error for each table of another app that has the name of one that `migrate` is about to make."""
    return [
        checks.Error(
            f"The database {alias!r} has a table {table!r} that is not Carillon's, which needs this name; give that "
            "one another name (ALTER TABLE, and Meta.db_table of its model), or Carillon a database of its own.",
            id="carillon.E017",
        )
        for alias in databases or ()
        for table in foreign_tables(alias)
    ]


def foreign_tables(alias: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Names of ours that other tables have, where ours are not made yet. Three queries, one more for each."""
    connection = connections[alias]
    try:
        with connection.temporary_connection() as cursor:
            applied = MigrationRecorder(connection).applied_migrations()
            wanted = {
                model._meta.db_table: {field.column for field in model._meta.local_concrete_fields}
                for label in LABELS
                if apps.is_installed(label.removeprefix("carillon_")) and (label, "0001_initial") not in applied
                for model in apps.get_app_config(label).get_models()
            }
            there = wanted.keys() & set(connection.introspection.table_names(cursor)) if wanted else ()
            has = {
                name: {column.name for column in connection.introspection.get_table_description(cursor, name)}
                for name in there
            }
            return sorted(name for name in has if not wanted[name] <= has[name])
    except DatabaseError:
        return []


@checks.register(checks.Tags.database)
def clocks_agree(*, databases: Sequence[str] | None = None, **_more: Any) -> list[checks.CheckMessage]:
    """A warning where this machine's clock and the database's differ by more than a minute. One query."""
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    try:
        with connections[DEFAULT_DB_ALIAS].temporary_connection():
            clock.now()
    except DatabaseError:
        return []
    if abs(clock.ahead()) <= clock.MOST_OFF:
        return []
    return [
        checks.Warning(
            f"This machine's clock is {clock.ahead().total_seconds():+.0f} s from the database's, by which everything "
            "goes; let both follow a time server.",
            id="carillon.W008",
        )
    ]


@checks.register(checks.Tags.database)
def schemas_can_be_used(*, databases: Sequence[str] | None = None, **_more: Any) -> list[checks.CheckMessage]:
    """A warning for each event type whose payloads are all refused, because its stored schema can't be used."""
    return [
        checks.Warning(f"Event type {name}: {wrong}.", hint=HINT, id="carillon.W002")
        for alias in databases or ()
        for name, wrong in unusable_schemas(alias).items()
    ]


def unusable_schemas(alias: str = DEFAULT_DB_ALIAS) -> dict[str, str]:
    """Type names with the error of their schema, of the first thousand types that have one. One query."""
    # Celery is set up with this module before there are models.
    event_types = apps.get_model("carillon_events", "EventType")
    rows = event_types.objects.using(alias).exclude(schema=None).order_by("name").values_list("name", "schema")
    try:
        with connections[alias].temporary_connection():
            stored = list(rows[:MOST_LOOKED_AT])
    except DatabaseError:
        return {}
    found: dict[str, str] = {}
    for name, schema in stored:
        try:
            payload_schema.check_schema(schema)
        except ValueError as error:
            found[name] = str(error)
        if len(found) == MOST_NAMED:
            break
    return found
