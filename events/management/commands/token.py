from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from events import accounts, api_keys, audit
from events.errors import shown
from events.management.migrated import MigratedCommand
from events.models import ApiKey

# What its column holds.
MOST_PER_MINUTE = 2**31 - 1


class Command(MigratedCommand):
    help = "Make a Bearer key that acts as USER, and print it once: only its digest is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", metavar="USER")
        parser.add_argument(
            "--publish",
            metavar="PATTERN",
            nargs="+",
            action="extend",
            help="restrict the key to publishing these types ('job.*') and writing memberships",
        )
        parser.add_argument(
            "--members",
            metavar="TYPE",
            nargs="*",
            action="extend",
            help="entity types whose memberships a restricted key may write ('job project', '*', or nothing for none);"
            " by default what its patterns begin with",
        )
        parser.add_argument(
            "--per-minute",
            metavar="N",
            type=int,
            help="how many events it may publish in a minute; 0: no limit (default: PUBLISH_EVENTS_PER_MINUTE)",
        )
        parser.add_argument("--label", default="", help="what the key is for, shown in the admin")

    def handle(
        self,
        *,
        username: str,
        publish: list[str] | None,
        members: list[str] | None,
        label: str,
        per_minute: int | None,
        **options: Any,
    ) -> None:
        user = accounts.named(username).filter(is_active=True).first()
        if user is None:
            raise CommandError(f"there is no active user {shown(username)}")
        if per_minute is not None and not 0 <= per_minute <= MOST_PER_MINUTE:
            raise CommandError(f"--per-minute is {per_minute}; it must be from 0 to {MOST_PER_MINUTE}")
        try:
            with transaction.atomic():
                key, text = api_keys.issue(
                    user,
                    label=label,
                    publish_patterns=publish,
                    member_types=members,
                    events_per_minute=per_minute,
                )
                audit.note_command("token", text=_described(key))
        except ValueError as error:
            raise CommandError(str(error)) from error
        if publish and not user.has_perm("carillon_events.publish_event"):
            self.stderr.write(
                f"{username} lacks the permission carillon_events.publish_event: grant it, or the key can't publish."
            )
        self.stdout.write(text)


def _described(key: ApiKey) -> str:
    label = f" ({key.label})" if key.label else ""
    covered = api_keys.member_types(key)
    if key.publish_patterns is None or covered is None:
        scope = "all that this person may do"
    else:
        scope = f"{' '.join(key.publish_patterns)} and memberships of {' '.join(covered) or 'nothing'}"
    return f"key {key.pk}{label} of {key.user} for {scope}"
