"""`manage.py prune`: what beat does each hour, by hand and to the end; with --dry-run only the count."""

import signal
import threading
from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser

from delivery.conf import conf
from delivery.retention import prune
from events import audit
from events.db import clock
from events.management.migrated import MigratedCommand

# Fifty years, as of the setting: what is older than that is no moment that anything has.
MOST_DAYS = 18_250


class Command(MigratedCommand):
    help = "Take notifications, deliveries, summaries and events that are past their time; archive them first."

    def add_arguments(self, parser: CommandParser) -> None:
        days = conf.NOTIFICATION_RETENTION_DAYS
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and change nothing")
        parser.add_argument(
            "--days", type=int, default=days, help=f"keep so many ({days}, NOTIFICATION_RETENTION_DAYS)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        if not 1 <= days <= MOST_DAYS:
            raise CommandError(f"Nothing is pruned: --days is {days}; it must be from 1 to {MOST_DAYS}.")
        if options["dry_run"]:
            self._say("Would go", prune.count(now=clock.now(), days=days))
            return
        audit.note_command("prune", text=f"begins with what is older than {days} days")
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        try:
            done = prune.prune(
                now=clock.now(),
                days=days,
                archive_dir=conf.ARCHIVE_DIR,
                should_stop=stop.is_set,
                pause=stop.wait,
            )
        except OSError as error:
            raise CommandError(f"Stopped, the archive can't be written: {error}. What isn't archived stays.") from error
        audit.note_command("prune", text=self._say("Gone" if done.is_complete else "Stopped; gone", done.gone))
        if done.busy:
            self.stdout.write(f"{done.busy} batches were in others' hands; the next run takes them.")

    def _say(self, what: str, found: Counter[str]) -> str:
        counts = ", ".join(f"{found[table]} {table.replace('_', ' ')}" for table in prune.TABLES)
        self.stdout.write(said := f"{what}: {counts}.")
        return said
