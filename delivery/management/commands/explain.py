"""`manage.py explain EVENT_ID [--user U]`: who was told of an event, why, and why not."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from delivery.reporting import explanation, explanation_output
from events import accounts
from events.db import clock
from events.entities import whole_number_argument
from events.errors import shown
from events.management.migrated import MigratedCommand
from events.models import Event


class Command(MigratedCommand):
    help = "Say who was told of an event, over what and how that went; and, as of now, why others were not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event_id", type=whole_number_argument)
        parser.add_argument("--user", help="a username: only this person, told or not")
        parser.add_argument(
            "--after", type=whole_number_argument, default=0, metavar="USER_ID", help="go on behind this user id"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            event = explanation.load(options["event_id"])
        except Event.DoesNotExist as error:
            raise CommandError(f"There is no event {options['event_id']}.") from error
        if options["user"]:
            result = explanation.explain_to(event, user_id=_user_id(options["user"]), now=clock.now())
        else:
            result = explanation.explain(event, now=clock.now(), after=options["after"])
        for line in explanation_output.lines(result):
            self.stdout.write(line)


def _user_id(username: str) -> int:
    user = accounts.named(username).first()
    if user is None:
        raise CommandError(f"There is no user {shown(username)}.")
    return user.pk
