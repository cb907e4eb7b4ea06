"""Events without a person: what of one is erased. Pure; for rows of the table and lines of the archive alike."""

from collections.abc import Mapping
from typing import Any

from delivery.privacy.person import Person
from events.models import EventType
from events.rules import json_schema
from events.rules.personal import ERASED

# What of an event may name somebody.
COLUMNS = (
    *("event_type_id", "source_entity_type", "source_entity_id", "actor_user_id"),
    *("publisher", "idempotency_key", "recipients", "payload"),
)
# Publisher of an event whose own is erased: of no key, so that none is in another's way.
NOBODY = "erased"
MENTIONED = "mentioned_user_ids"

Row = Mapping[str, Any]
Schemas = Mapping[int, json_schema.Compiled]


def marked_schemas() -> Schemas:
    """Schemas that mark something as personal, by the number of their type. One query.

    ValueError, which names the type, for one that can't be read.
    """
    found = {}
    for pk, name, schema in EventType.objects.exclude(schema=None).values_list("pk", "name", "schema"):
        try:
            compiled = json_schema.compiled(schema)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        if compiled.has_personal:
            found[pk] = compiled
    return found


def without(row: Row, *, person: Person, schemas: Schemas) -> dict[str, Any]:
    """Columns of an event that change when a person is erased, as they are then; empty: it says nothing of them.

    An event of theirs (they did it, are addressed or mentioned, or it is about them or their address) loses all that
    its type marks; any other one loses the marked values that are their names, addresses or number.
    """
    changes: dict[str, Any] = {}
    if row["actor_user_id"] == person.id:
        changes["actor_user_id"] = None
    if row["publisher"] == f"user:{person.id}":
        changes |= {"publisher": NOBODY, "idempotency_key": None}
    if person.is_in(row["recipients"]):
        changes["recipients"] = person.removed_from(row["recipients"])
    payload = row["payload"]
    if isinstance(payload, dict) and person.is_in(payload.get(MENTIONED)):
        payload = payload | {MENTIONED: person.removed_from(payload[MENTIONED])}
    if isinstance(payload, dict) and _is_of_theirs(row, person):
        # Carillon's own types, which say of an address that it fails.
        payload = {key: ERASED if _is_text(value, person) else value for key, value in payload.items()}
    if schema := schemas.get(row["event_type_id"]):
        is_theirs = _anything if _is_about(row, person) else person.is_theirs
        payload = schema.without_personal(payload, is_theirs=is_theirs)
    return changes if payload == row["payload"] else changes | {"payload": payload}


def _is_about(row: Row, person: Person) -> bool:
    payload = row["payload"]
    return (
        row["actor_user_id"] == person.id
        or person.is_in(row["recipients"])
        or (isinstance(payload, dict) and person.is_in(payload.get(MENTIONED)))
        or _is_of_theirs(row, person)
    )


def _is_of_theirs(row: Row, person: Person) -> bool:
    return person.is_source(row["source_entity_type"], row["source_entity_id"])


def _is_text(value: Any, person: Person) -> bool:
    return isinstance(value, str) and person.is_theirs(value)


def concerns(row: Row, *, person: Person, schemas: Schemas) -> bool:
    """Tell whether an event is about a person or says something of them."""
    return _is_about(row, person) or bool(without(row, person=person, schemas=schemas))


def _anything(_value: Any) -> bool:
    return True
