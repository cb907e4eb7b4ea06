"""`manage.py erase_person USER`: what would go; with --yes it goes."""

from collections import Counter
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db.models import ProtectedError, RestrictedError

from delivery.conf import conf
from delivery.privacy import erase, person
from events import audit
from events.errors import shown
from events.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = "Erase somebody and what is kept of them; without --yes only the counts. docs/privacy.md says what stays."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="the name they sign in with, or id: and their number")
        parser.add_argument("--yes", action="store_true", help="do it; there is no way back")
        parser.add_argument("--keep-account", action="store_true", help="leave the account itself, for the project")

    def handle(self, *args: Any, **options: Any) -> None:
        somebody = person.find(options["user"])
        if somebody is None:
            raise CommandError(f"There is no user {shown(options['user'])}.")
        try:
            if options["yes"]:
                self._erase(somebody, keep_account=options["keep_account"])
            else:
                self._say("Would go or change", erase.count(somebody, archive_dir=conf.ARCHIVE_DIR))
                self.stdout.write("Nothing is changed; --yes does it.")
        except (ProtectedError, RestrictedError) as error:
            raise CommandError(
                f"All is erased but the account, to which tables of the project point: delete it there. {error.args[0]}"
            ) from error
        except (OSError, ValueError) as error:
            raise CommandError(f"Stopped: {error}. Mend that and run it again: it goes on.") from error

    def _erase(self, somebody: person.Person, *, keep_account: bool) -> None:
        audit.note_command("erase_person", text=f"begins with user {somebody.id}")
        done = erase.erase(somebody, archive_dir=conf.ARCHIVE_DIR, keep_account=keep_account, report=self.stdout.write)
        audit.note_command("erase_person", text=f"user {somebody.id}: {self._say('Erased', done)}")

    def _say(self, what: str, found: Counter[str]) -> str:
        counts = ", ".join(f"{number} {table.replace('_', ' ')}" for table, number in (+found).items())
        self.stdout.write(said := f"{what}: {counts or 'nothing'}.")
        return said
