"""`manage.py export_person USER`: all that is kept of somebody, as JSON."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from delivery.conf import conf
from delivery.privacy import export, person
from events import audit
from events.errors import shown
from events.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = "Write all that is kept of somebody as JSON; docs/privacy.md says what that is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the name they sign in with, or id: and their number")
        parser.add_argument("--out", type=Path, metavar="FILE", help="a new file, for its owner alone to read")

    def handle(self, *args: Any, **options: Any) -> None:
        somebody = person.find(options["user"])
        if somebody is None:
            raise CommandError(f"There is no user {shown(options['user'])}.")
        audit.note_command("export_person", text=f"all that is kept of user {somebody.id}")
        try:
            pieces = export.pieces(somebody, archive_dir=conf.ARCHIVE_DIR)
            if options["out"] is None:
                for piece in pieces:
                    self.stdout.write(piece, ending="")
                return
            with open(os.open(options["out"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.writelines(pieces)
        except (OSError, ValueError) as error:
            raise CommandError(f"Not written whole: {error}.") from error
