"""Checks of the database: it answers and takes writes, and its tables are as the migrations make them."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import DatabaseError, connection, models
from django.db.migrations.executor import MigrationExecutor

from delivery.doctor.check import Finding, named, ok, warn, wrong
from delivery.monitoring import health
from events.checks.database import LABELS
from events.db import catalog

_RESTORE = "Restore the database whole, with its constraints; or compare it with one that `migrate` has made anew."


def answers() -> Finding:
    """Connect anew, as a process that starts does."""
    anew: Any = connection.copy()
    try:
        anew.ensure_connection()
        with anew.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return wrong(f"It doesn't answer: {said}", do="Start it, or mend DATABASE_URL.")
    finally:
        anew.close()
    return ok(f"It answers ({catalog.product()}).")


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    loader = executor.loader
    missing = [f"{one.app_label}.{one.name}" for one, _ in executor.migration_plan(loader.graph.leaf_nodes())]
    if missing:
        return wrong(f"Not applied: {named(missing)}.", do="Run `manage.py migrate`.")
    known = loader.disk_migrations or {}
    newer = [".".join(key) for key in loader.applied_migrations if key[0] in LABELS and key not in known]
    if newer:
        return warn(f"Applied by newer code: {named(newer)}.", do="Bring this machine to the version of the others.")
    return ok("All are applied.")


def writes() -> Finding:
    problem = health.problem_of_writes()
    if problem:
        return wrong(f"{problem[0].upper()}{problem[1:]}.", do="Make room on its disk; or connect to the primary.")
    return ok("It takes writes.")


def rules() -> Finding:
    """PostgreSQL's own rules for what goes with what: programs that write past the ORM rely on them."""
    if not catalog.has_rules():
        return ok("SQLite has none; the code keeps them.")
    wanted = catalog.wanted_rules(list(_models()))
    stamped = {model._meta.db_table for model in _models() if any(f.name == "updated_at" for f in model._meta.fields)}
    there = catalog.key_rules({table for table, _ in wanted})
    other = [f"{table}.{column}" for (table, column), rule in wanted.items() if there.get((table, column)) != rule]
    other += [f"{table}, trigger set_updated_at" for table in sorted(stamped - catalog.tables_with_trigger())]
    return wrong(f"Missing or others: {named(other)}.", do=_RESTORE) if other else ok(f"All {len(wanted)} are there.")


def constraints() -> Finding:
    wanted = {
        (model._meta.db_table, one.name): isinstance(one, models.Index)
        for model in _models()
        for one in (*model._meta.constraints, *model._meta.indexes)
    }
    there = catalog.names_of({table for table, _ in wanted})
    missing = [(key, is_index) for key, is_index in wanted.items() if key not in there]
    if lost := [".".join(key) for key, is_index in missing if not is_index]:
        return wrong(f"Constraints that are missing: {named(lost)}.", do=_RESTORE)
    if slow := [".".join(key) for key, is_index in missing if is_index]:
        return warn(f"Indexes that are missing, so what needs them is slow: {named(slow)}.", do=_RESTORE)
    return ok(f"All {len(wanted)} are there.")


def _models() -> Iterator[type[models.Model]]:
    for label in LABELS:
        yield from apps.get_app_config(label).get_models()
