"""`manage.py doctor`: what is wrong, and what to do; with --fix badges are mended."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from delivery.doctor.check import Finding, Level
from delivery.doctor.examine import examine
from events import audit
from notifications.inbox import recount


class Command(BaseCommand):
    help = "Look at the database, the processes and what they speak to; exit code 1 if something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="only recount badges: let each say what is unread")
        parser.add_argument("--json", action="store_true", help="the findings as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["fix"]:
            self._fix()
            return
        found = []
        for name, finding in examine():
            found.append((name, finding))
            if not options["json"]:
                self.stdout.write(_line(name, finding))
        if options["json"]:
            self.stdout.write(json.dumps([_row(name, finding) for name, finding in found], indent=2))
        if bad := [name for name, finding in found if finding.level == Level.WRONG]:
            raise CommandError(f"Wrong: {', '.join(bad)}.")

    def _fix(self) -> None:
        wrong = mended = 0
        for users in recount.everybody():
            found = recount.wrong_among(users)
            for one in found:
                self.stdout.write(f"The badge of user {one.user_id} says {one.said}; {one.counted} are unread.")
            wrong += len(found)
            mended += len(recount.mend([one.user_id for one in found])) if found else 0
        audit.note_command("doctor", text=f"mended {mended} of {wrong} wrong badges")
        self.stdout.write(f"Wrong badges: {wrong}. Mended: {mended}.")


def _line(name: str, finding: Finding) -> str:
    shown = "OK" if finding.level == Level.OK else finding.level
    return f"{shown:5} {name}: {finding.said}" + (f"\n      {finding.do}" if finding.do else "")


def _row(name: str, finding: Finding) -> dict[str, str]:
    return {"check": name, "level": finding.level, "said": finding.said, "do": finding.do}
