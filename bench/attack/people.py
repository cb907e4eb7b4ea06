"""The neighbour, who reads an inbox, and the attacker, who is another person with an account and keys of their own."""

from __future__ import annotations

from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.utils import timezone

from bench.sessions import session_of
from events import api_keys
from events.bus import Entity, NewEvent, publish_many
from events.dispatch import sequencer
from events.models import Event, EventType
from notifications.routing import router

ROWS = 40
# Backtracking engines take 2 to the power of the length for what it doesn't match.
SLOW = r"^([a-zA-Z0-9_\.\-]+)+@example\.com$"
SCHEMA = {
    "type": "object",
    "properties": {"email": {"type": "string", "pattern": SLOW}},
    "patternProperties": {SLOW: {"type": "string"}},
    "propertyNames": {"pattern": SLOW},
    "additionalProperties": False,
    "unevaluatedProperties": False,
}


def main() -> dict[str, str | int]:
    """Make them, an inbox to read, and a type with a schema that only lets slow patterns decide; what opens them."""
    neighbour = User.objects.create_user("neighbour")
    attacker, publisher = User.objects.create_user("attacker"), User.objects.create_user("publisher")
    may_publish = Permission.objects.get(codename="publish_event")
    for person in (attacker, publisher):
        person.user_permissions.add(may_publish)
    # Written down as from before such a schema was looked at.
    EventType.objects.create(name="bench.slow", category="bench", audience=["owner_or_actor"], schema=SCHEMA)
    _fill_inbox(neighbour)
    return {
        "neighbour": neighbour.pk,
        "neighbour_session": session_of(neighbour),
        "neighbour_key": api_keys.issue(neighbour)[1],
        "publisher_key": api_keys.issue(publisher)[1],
        "attacker_id": attacker.pk,
        "session": session_of(attacker),
        "key": api_keys.issue(attacker)[1],
        "publish_only_key": api_keys.issue(attacker, publish_patterns=["bench.*", "job.*"])[1],
    }


def _fill_inbox(person: User) -> None:
    publish_many([NewEvent("job.completed", source=Entity("job", number), actor=person) for number in range(ROWS)])
    sequencer.number()
    events = Event.objects.select_related("event_type", "actor_user").order_by("position")
    with transaction.atomic():
        router.route(list(events), now=timezone.now())
