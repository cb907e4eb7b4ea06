from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from events import audit
from events.dispatch import watermarks
from events.dispatch.replay import move
from events.errors import Refused
from events.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = "Let a durable subscriber go on after a position of the log: backwards it reads again, forwards it skips."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subscriber", help="its name, for example notifications")
        parser.add_argument("--after", type=int, metavar="POSITION", help="0 is the beginning; without it, the head")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["subscriber"]
        try:
            with transaction.atomic():
                position = move(name, to=options["after"])
                audit.note_command("replay", text=f"{name} goes on after position {position}")
        except Refused as refusal:
            raise CommandError(f"Not moved: {refusal.detail}.") from refusal
        self.stdout.write(f"{name} goes on after position {position}.")
        if options["after"] is not None and position > options["after"]:
            self.stdout.write("Up to there the log is pruned, and with it what this subscriber had made of it.")
        for gap in watermarks.gaps_of(name):
            self.stdout.write(f"Pruned before it had read them: {gap} ({gap.created_at:%Y-%m-%d}).")
