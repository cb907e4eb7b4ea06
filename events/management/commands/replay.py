"""`manage.py replay SUBSCRIBER --after POSITION`: let a durable subscriber read part of the log again, or skip some."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.refusals import Refused
from events.replay import move


class Command(BaseCommand):
    help = "Let a durable subscriber go on after a position of the log: backwards it reads again, forwards it skips."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("subscriber", help="its name, for example notifications")
        parser.add_argument("--after", type=int, metavar="POSITION", help="0 is the beginning; without it, the head")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            position = move(options["subscriber"], to=options["after"])
        except Refused as refusal:
            raise CommandError(f"Not moved: {refusal.detail}.") from refusal
        self.stdout.write(f"{options['subscriber']} goes on after position {position}.")
