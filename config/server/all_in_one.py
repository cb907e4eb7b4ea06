"""The whole of Carillon in one process: web server, worker, clock and sweeper on a SQLite file."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config.celery import app
from config.server import sqlite_lock
from config.server.daphne import DrainingServer
from config.server.embedded_worker import Beat, Worker
from events.checks.database import REFUSAL, is_older
from events.conf import conf
from events.sources import service_runs
from events.worker.supervisor import Supervised
from events.worker.sweeper import Sweeper, configured

PART_SECONDS = 5.0


@contextlib.contextmanager
def embedded_database() -> Iterator[None]:
    """Hold the SQLite file for this process, its tables up to date. CommandError says what is in the way."""
    if conf.REDIS_URL:
        raise CommandError(
            "serve keeps everything in this process and would not use REDIS_URL: unset it, "
            "or run web, celery worker and celery beat as separate processes."
        )
    if connection.vendor != "sqlite":
        raise CommandError(
            "serve works on a SQLite file, and DATABASE_URL is PostgreSQL: unset it, "
            "or run web, celery worker and celery beat as separate processes."
        )
    path = Path(settings.DATABASES["default"]["NAME"])
    try:
        with sqlite_lock.held(path):
            _migrate()
            yield
    except sqlite_lock.DatabaseTakenError as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"The database {path} can't be used: {error.strerror}.") from error


def _migrate() -> None:
    if is_older():
        raise CommandError(REFUSAL)
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", interactive=False, verbosity=0)


def run_all(application: Any, *, host: str, port: int, ready: Callable[[], None]) -> int:
    """Serve until told to stop; the exit code. A part that ends by itself ends the process, with a non-zero code."""
    threads: list[Supervised] = []

    def listening() -> None:
        for thread in threads:
            thread.start()
        ready()

    server = DrainingServer(application, host=host, port=port, ready=listening)
    # In the order in which they stop, once the sockets and the requests are done.
    threads += [Supervised(part, on_death=server.fail) for part in (Beat(app), Worker(app), Sweeper(configured()))]
    with service_runs.recorded("serve"):
        server.run()
        for thread in threads:
            thread.stop(timeout=PART_SECONDS)
    return server.exit_code
