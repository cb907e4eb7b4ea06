"""People of the harness: what each chose and where each is reached, put in by bare SQL."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from delivery.channels.webhook.signing import new_secret
from delivery.encryption import seal
from tests.chaos.postgres_server import PostgresServer
from tests.chaos.sinks import CHAT

JOB, COMMENT = "job.completed", "review.comment"
# The entity that comments are about; its watchers are those of CHOSEN and CROWD others.
REVIEW = ("review", 777)
CROWD = 20

# Channels that each has chosen for both types. Whoever chats is staff: the chat names a host of its own.
CHOSEN = {
    "reader": ["in_app"],
    "hooked": ["in_app", "webhook"],
    "mailed": ["in_app", "email"],
    "staff": ["in_app", "chat"],
    "reached": ["in_app", "webhook", "email"],
}

_PERSON = """
INSERT INTO auth_user (username, password, first_name, last_name, email, is_active, is_staff, is_superuser, date_joined)
VALUES (%s, '', '', '', '', true, %s, false, now()) RETURNING id
"""
_PREFERENCE = """
INSERT INTO notification_preferences (user_id, event_type_id, channels)
SELECT %s, id, %s::jsonb FROM event_types WHERE name IN ('job.completed', 'review.comment')
"""
_WATCHER = "INSERT INTO memberships (entity_type, entity_id, user_id, role) VALUES ('review', 777, %s, 'watcher')"
_ADDRESS = """
INSERT INTO notification_channels (user_id, kind, target, secret, verified_at) VALUES (%s, %s, %s, %s, now())
"""
# Each comment is a row, a mail and a webhook of its own, however close they come.
_NO_BURSTS = "UPDATE event_types SET burst_seconds = 0"
_NOTES = "CREATE TABLE chaos_published (event_id bigint PRIMARY KEY, name text NOT NULL UNIQUE)"
_KEY = "INSERT INTO api_keys (user_id, digest) VALUES (%s, %s)"
_MAY_PUBLISH = """
INSERT INTO auth_user_user_permissions (user_id, permission_id)
SELECT %s, id FROM auth_permission WHERE codename = 'publish_event'
"""


@dataclass(frozen=True)
class Person:
    pk: int
    name: str
    key: str


def make(postgres: PostgresServer, *, http_port: int) -> dict[str, Person]:
    """Put them in, each with a bearer key; the table for the publisher's notes too."""
    postgres.sql(_NOTES)
    postgres.sql(_NO_BURSTS)
    people = {}
    for name, channels in CHOSEN.items():
        [[pk]] = postgres.sql(_PERSON, name, name == "staff")
        people[name] = Person(pk, name, f"crl_{uuid.uuid4().hex}")
        digest = hashlib.sha256(people[name].key.encode()).hexdigest()
        postgres.sql(_KEY, pk, digest)
        postgres.sql(_MAY_PUBLISH, pk)
        postgres.sql(_WATCHER, pk)
        postgres.sql(_PREFERENCE, pk, str(channels).replace("'", '"'))
        for channel in channels:
            _reach(postgres, people[name], channel, http_port=http_port)
    for number in range(CROWD):
        [[pk]] = postgres.sql(_PERSON, f"crowd{number}", False)
        postgres.sql(_WATCHER, pk)
    return people


def _reach(postgres: PostgresServer, person: Person, channel: str, *, http_port: int) -> None:
    """Give an address on this channel."""
    here = f"127.0.0.1:{http_port}"
    if channel == "webhook":
        postgres.sql(_ADDRESS, person.pk, channel, f"http://{here}/{person.name}", seal(new_secret()))
    elif channel == "email":
        postgres.sql(_ADDRESS, person.pk, channel, f"{person.name}@example.com", "")
    elif channel == "chat":
        token = CHAT.rpartition("/")[2]
        postgres.sql(_ADDRESS, person.pk, channel, f"mmost://{here}/…", seal(f"mmost://{here}/{token}"))
