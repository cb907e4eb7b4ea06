"""`manage.py hardware_monitor`: the hardware monitor as a process of its own, for machines without a worker."""

import signal
import threading
from typing import Any

from django.core.management.base import CommandParser
from django.db import DatabaseError, close_old_connections

from events.db import clock
from events.management.migrated import MigratedCommand
from events.sources.hardware import monitor
from events.transport import outages


class Command(MigratedCommand):
    help = "Watch this machine's disks and GPUs and publish a system.* warning once for each crossing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="look once and end")
        parser.add_argument("--interval", type=int, default=15, metavar="SECONDS", help="between two looks (15)")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{monitor.observe(now=clock.now())} published")
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watch(stop, every=max(1, options["interval"]))


def watch(stop: threading.Event, *, every: int) -> None:
    """Look until told to stop. A database that is away for a while is not the end."""
    while not stop.is_set():
        close_old_connections()
        try:
            monitor.observe(now=clock.now())
        except DatabaseError as error:
            outages.note(__name__, f"The readings could not be compared; trying again in {every} s", error)
        stop.wait(every)
