from typing import Any

from django.core.management.base import CommandParser

from events.management import payload_code
from events.management.migrated import MigratedCommand
from events.management.payload_types import records
from events.models import EventType


class Command(MigratedCommand):
    help = "Print a type for the payload of each active event type, made of its schema."

    def add_arguments(self, parser: CommandParser) -> None:
        languages = parser.add_mutually_exclusive_group(required=True)
        for written in (payload_code.python, payload_code.typescript):
            languages.add_argument(f"--{written.__name__}", dest="written", action="store_const", const=written)

    def handle(self, *args: Any, **options: Any) -> None:
        types = EventType.objects.filter(is_active=True).order_by("name")
        self.stdout.write(options["written"](records(types)), ending="")
