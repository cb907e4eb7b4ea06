"""`manage.py doctor`: what code of others may have made wrong; with --fix it is mended."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from events import audit
from notifications.inbox import recount


class Command(BaseCommand):
    help = "Recount what people have unread and name the inboxes whose badge says something else; --fix mends them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--fix", action="store_true", help="let each badge say what is unread")

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = mended = 0
        for users in recount.everybody():
            found = recount.wrong_among(users)
            for one in found:
                self.stdout.write(f"The badge of user {one.user_id} says {one.said}; {one.counted} are unread.")
            wrong += len(found)
            mended += len(recount.mend([one.user_id for one in found])) if options["fix"] and found else 0
        if options["fix"]:
            audit.note_command("doctor", text=f"mended {mended} of {wrong} wrong badges")
        self.stdout.write(f"Wrong badges: {wrong}." + (f" Mended: {mended}." if options["fix"] else ""))
