"""`manage.py publish TYPE`: one event from the command line; `--lines FILE`: many, as JSON lines."""

import json
import os
import sys
from contextlib import ExitStack
from typing import IO, Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from events import accounts, outcomes
from events.accounts import User
from events.api.json_lines import LineRefusedError, publish_lines
from events.bus import NewEvent, publish_many
from events.db import clock
from events.entities import parse_entity, whole_number
from events.errors import Refused, shown
from events.management.migrated import MigratedCommand


class Command(MigratedCommand):
    help = "Publish one event and print its id; or many, as JSON lines."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event_type", metavar="TYPE", nargs="?", help="for example job.completed")
        parser.add_argument("--actor", metavar="USER", help="who did it: a username or a user id")
        parser.add_argument(
            "--to",
            metavar="USER",
            action="append",
            help="whom to tell beside those of the type's rules; may be repeated",
        )
        parser.add_argument("--source", metavar="T:ID", help="what it is about, for example job:42")
        parser.add_argument("--payload", metavar="JSON", default="{}", help="a JSON object")
        parser.add_argument("--project", metavar="N", type=int, help="the project it belongs to")
        parser.add_argument(
            "--key",
            metavar="K",
            help="idempotency key: the same one again publishes nothing new; of lines the prefix, before their numbers",
        )
        parser.add_argument(
            "--dry-run", action="store_true", default=None, help="say who would be told, and publish nothing"
        )
        parser.add_argument(
            "--lines",
            metavar="FILE",
            help="JSON lines, each as POST /api/v1/events takes one; - is the standard input",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if (options["event_type"] is None) == (options["lines"] is None):
            raise CommandError("Name a TYPE to publish one event, or --lines FILE to publish many.")
        if options["lines"] is not None:
            self._publish_lines(options)
        else:
            self._publish_one(options)

    def _publish_one(self, options: dict[str, Any]) -> None:
        try:
            new = NewEvent(
                options["event_type"],
                source=parse_entity(options["source"]) if options["source"] is not None else None,
                actor=person(options["actor"]) if options["actor"] is not None else None,
                to=[person(name, option="--to") for name in options["to"] or ()],
                payload=decoded(options["payload"]),
                project_id=options["project"],
                idempotency_key=options["key"],
            )
            planned = outcomes.dry_run(new, now=clock.now()) if options["dry_run"] else None
            said = str(planned or publish_many([new])[0].pk)
        except Refused as refusal:
            stop = "" if refusal.detail.endswith(("?", ".")) else "."
            raise CommandError(f"Not published: {refusal.detail}{stop}") from refusal
        self.stdout.write(said)

    def _publish_lines(self, options: dict[str, Any]) -> None:
        if named := [name for name in ("actor", "to", "source", "project", "dry_run") if options[name] is not None]:
            raise CommandError(f"--{named[0].replace('_', '-')} is for one event; with --lines each line says its own.")
        published = read = 0
        with ExitStack() as stack:
            stream = opened(options["lines"], stack=stack)
            size = os.fstat(stream.fileno()).st_size or None
            # Shown where somebody looks at it. Not by self.stderr: each piece of it is red and ends in a new line.
            bar = stack.enter_context(tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=None))
            try:
                for progress in publish_lines(stream, key_prefix=options["key"]):
                    bar.update(progress.read_bytes - read)
                    published, read = progress.published, progress.read_bytes
            except LineRefusedError as refusal:
                raise CommandError(f"Stopped after {published} events: {refusal}.") from refusal
        self.stdout.write(f"{published} events published.")


def opened(name: str, *, stack: ExitStack) -> IO[bytes]:
    if name == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(open(name, "rb"))
    except OSError as error:
        raise CommandError(f"Not published: {name} can't be read ({error.strerror}).") from error


def person(text: str, *, option: str = "--actor") -> User:
    user = accounts.named(text).first()
    if user is None and (number := whole_number(text)) is not None:
        user = accounts.everyone().filter(pk=number).first()
    if user is None:
        raise CommandError(f"Not published: there is no user {shown(text)}; {option} takes a username or a user id.")
    return user


def decoded(text: str) -> Any:
    """The payload as given; whether it can be stored is for `publish` to say."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"Not published: --payload is not JSON ({error}).") from error
    except (ValueError, RecursionError) as error:
        raise CommandError("Not published: --payload is nested too deep, or a number is too long.") from error
