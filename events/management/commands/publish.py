"""`manage.py publish TYPE`: one event from the command line."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from events.bus import publish
from events.entities import parse_entity
from events.refusals import Refused


class Command(BaseCommand):
    help = "Publish one event and print its id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("event_type", metavar="TYPE", help="for example job.completed")
        parser.add_argument("--actor", metavar="USER", help="who did it: a username or a user id")
        parser.add_argument("--source", metavar="T:ID", help="what it is about, for example job:42")
        parser.add_argument("--payload", metavar="JSON", default="{}", help="a JSON object")
        parser.add_argument("--project", metavar="N", type=int, help="the project it belongs to")
        parser.add_argument("--key", metavar="K", help="idempotency key: the same one again publishes nothing new")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            event = publish(
                options["event_type"],
                source=parse_entity(options["source"]) if options["source"] is not None else None,
                actor=person(options["actor"]) if options["actor"] is not None else None,
                payload=decoded(options["payload"]),
                project_id=options["project"],
                idempotency_key=options["key"],
            )
        except Refused as refusal:
            stop = "" if refusal.detail.endswith(("?", ".")) else "."
            raise CommandError(f"Not published: {refusal.detail}{stop}") from refusal
        self.stdout.write(str(event.pk))


def person(text: str) -> User:
    """Who is meant by a username or, where nobody has that name, by an id."""
    users = get_user_model().objects
    found = users.filter(username=text).first()
    if found is None and text.isascii() and text.isdigit():
        found = users.filter(pk=int(text[:20])).first()
    if found is None:
        raise CommandError(f"Not published: there is no user {text!r}; --actor takes a username or a user id.")
    return found


def decoded(text: str) -> Any:
    """The payload as given; whether it can be stored is for `publish` to say."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandError(f"Not published: --payload is not JSON ({error}).") from error
    except (ValueError, RecursionError) as error:
        raise CommandError("Not published: --payload is nested too deep, or a number is too long.") from error
