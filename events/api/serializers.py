"""The objects of the events half of the API, as they come in and go out."""

import re
from collections.abc import Callable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from events.db.clock import instant
from events.entities import BIGINT_MAX, Entity
from events.log import recipients
from events.log.publish import MAX_KEY, NewEvent
from events.log.withdraw import MAX_REASON
from events.models import Event, Membership
from events.rest.fields import (
    ChannelName,
    EntityId,
    EventTypeName,
    Instant,
    Listed,
    Payload,
    QuerySwitch,
    QueryWhole,
    Switch,
    Text,
    Whole,
    one_of,
    printable,
)
from events.rest.pagination import DEFAULT_LIMIT, MAX_LIMIT
from events.rest.strict import Strict

MAX_BATCH = 1000
_ENTITY_TYPE = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}


@extend_schema_field(_ENTITY_TYPE)
class EntityType(Text):
    """A text field: the OpenAPI document says what an entity's type looks like, refusing others is for Entity."""


# The contract of a valid event is `_is_plain`, which is all that most events meet. These fields are its documentation
# (the OpenAPI document), take what is unusual (text beyond ASCII, 1.0 for 1), and say what is wrong. A test holds both
# to each other.
class EventIn(Strict):
    event_type = EventTypeName()
    source_entity_type = EntityType(required=False, allow_null=True)
    source_entity_id = EntityId(required=False, allow_null=True)
    actor_user_id = Whole(required=False, allow_null=True, help_text="Any existing user; nobody by default.")
    project_id = Whole(required=False, allow_null=True)
    payload = Payload(required=False)
    idempotency_key = printable(required=False, allow_null=True, max_length=MAX_KEY)
    to = Listed(
        child=Whole(),
        max_length=recipients.MOST,
        required=False,
        allow_null=True,
        help_text="Ids of people to tell beside those of the type's rules.",
    )

    def run_validation(self, data: Any = serializers.empty) -> Any:
        # Field by field costs more than storing the event.
        return dict(data) if _is_plain(data) else super().run_validation(data)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        entity_type, key = attrs.get("source_entity_type"), attrs.get("source_entity_id")
        if (entity_type is None) != (key is None):
            missing = "source_entity_type" if entity_type is None else "source_entity_id"
            detail = "A source has both a type and an id, or neither."
            raise ValidationError({missing: [ErrorDetail(detail, code="invalid_entity")]})
        return attrs


def _is_plain(data: Any) -> bool:
    """True only for what the fields of EventIn would accept as it is; False says nothing."""
    if type(data) is not dict or "event_type" not in data:
        return False
    if (data.get("source_entity_type") is None) != (data.get("source_entity_id") is None):
        return False
    return all(name in _PLAIN and _PLAIN[name](value) for name, value in data.items())


def _is_text(value: Any) -> bool:
    return type(value) is str and _ASCII.fullmatch(value) is not None


def _are_whole(value: Any) -> bool:
    is_short = type(value) is list and len(value) <= recipients.MOST
    return value is None or (is_short and None not in value and all(map(_is_whole, value)))


def _is_whole(value: Any) -> bool:
    return value is None or (type(value) is int and 0 <= value <= BIGINT_MAX)


_ASCII = re.compile("[ -~]+")
_PLAIN: dict[Any, Callable[[Any], bool]] = {
    "event_type": _is_text,
    "source_entity_type": lambda value: value is None or _is_text(value),
    "source_entity_id": lambda value: _is_whole(value) or _is_text(value),
    "actor_user_id": _is_whole,
    "project_id": _is_whole,
    "payload": lambda value: type(value) is dict,
    "idempotency_key": lambda value: value is None or (_is_text(value) and len(value) <= MAX_KEY),
    "to": _are_whole,
}


# The documentation of `event_json`, which is the contract; a test holds both to each other.
class EventOut(serializers.Serializer[Any]):
    id = Whole()
    position = Whole(allow_null=True, help_text="Its place in the log; null until it has been numbered.")
    event_type = Text(source="event_type.name")
    category = Text(source="event_type.category")
    is_critical = Switch(source="event_type.is_critical")
    source_entity_type = Text(allow_null=True)
    source_entity_id = EntityId(allow_null=True)
    actor_user_id = Whole(allow_null=True)
    project_id = Whole(allow_null=True)
    payload = Payload()
    created_at = Instant()


def event_json(event: Event) -> dict[str, Any]:
    """Render an event, loaded with its type."""
    event_type = event.event_type
    return {
        "id": event.pk,
        "position": event.position,
        "event_type": event_type.name,
        "category": event_type.category,
        "is_critical": event_type.is_critical,
        "source_entity_type": event.source_entity_type,
        "source_entity_id": event.source_id,
        "actor_user_id": event.actor_user_id,
        "project_id": event.project_id,
        "payload": event.payload,
        "created_at": instant(event.created_at),
    }


class EventTypeOut(serializers.Serializer[Any]):
    id = Whole()
    name = Text()
    category = Text()
    description = Text(allow_null=True)
    is_critical = Switch()
    is_locked = Switch(help_text="People can't switch it off or drop its default channels.")
    is_active = Switch(help_text="False: publishing it is refused.")
    default_channels = serializers.ListField(child=Text())
    schema = Payload(allow_null=True, help_text="JSON Schema of the payload, or null.")
    sample = Payload(help_text="A payload as it really looks.")


class MemberIn(Strict):
    role = one_of(Membership.Role.values)


class MemberOut(serializers.Serializer[Any]):
    user_id = Whole()
    role = one_of(Membership.Role.values)
    created_at = Instant()


class LogQuery(Strict):
    after = QueryWhole(default=0, help_text="Only events of a higher position.")
    type = printable(required=False, max_length=100, help_text="A name, or a pattern such as `job.*`.")
    limit = QueryWhole(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many at most.")


class PublishQuery(Strict):
    dry_run = QuerySwitch(default=False, help_text="Say who would be told of this one event, and store nothing.")


class WithdrawQuery(Strict):
    reason = printable(default="", allow_blank=True, max_length=MAX_REASON, help_text="Why, for those who were told.")


class ToldChannelOut(serializers.Serializer[Any]):
    channel = ChannelName()
    state = Text(help_text="goes_out, or as in an explanation.")
    explanation = Text()
    hold = Text()


class ToldPersonOut(serializers.Serializer[Any]):
    user_id = Whole(source="user.pk")
    username = Text(source="user.get_username")
    reason = Text(allow_blank=True, help_text="Empty for somebody who would not be told.")
    why_not = Text(allow_blank=True)
    explanation = Text(help_text="The reason in words, or why not.")
    channels = ToldChannelOut(many=True)


class DryRunOut(serializers.Serializer[Any]):
    event_type = Text(source="event.event_type.name")
    title = Text(source="words.title")
    body = Text(source="words.body", allow_blank=True)
    url = Text(source="words.url", allow_blank=True)
    audience = Whole(help_text="How many people the rules bring in.")
    examined = Whole(help_text="How many of them are counted below: the first 1,000 of more than 10,000, else all.")
    told = Whole()
    held = Whole(help_text="How many of the told get something later.")
    channels = serializers.DictField(child=Whole(), help_text="How many people on each channel.")
    why_not = serializers.DictField(child=Whole(), help_text="How many people for each code.")
    people = ToldPersonOut(many=True, help_text="The first hundred.")


class EventOrEvents(serializers.Serializer[Any]):
    """One event, or an array of them; for the OpenAPI document only."""


class EventOrEventsOut(serializers.Serializer[Any]):
    """One event, or an array where an array was sent; for the OpenAPI document only."""


class RepeatOrDryRunOut(serializers.Serializer[Any]):
    """Answer to a repeat or to a dry run; for the OpenAPI document only."""


class _OneOrMany(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    element: type[serializers.Serializer[Any]]
    target_class: Any = None

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        one = auto_schema.resolve_serializer(self.element, direction).ref
        return {"oneOf": [one, {"type": "array", "items": one, "minItems": 1, "maxItems": MAX_BATCH}]}


class EventOrEventsExtension(_OneOrMany):  # type: ignore[no-untyped-call]
    target_class = EventOrEvents
    element = EventIn


class EventOrEventsOutExtension(_OneOrMany):  # type: ignore[no-untyped-call]
    target_class = EventOrEventsOut
    element = EventOut


class RepeatOrDryRunOutExtension(_OneOrMany):  # type: ignore[no-untyped-call]
    target_class = RepeatOrDryRunOut
    element = EventOut

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        repeat = super().map_serializer(auto_schema, direction)["oneOf"]
        return {"oneOf": [*repeat, auto_schema.resolve_serializer(DryRunOut, direction).ref]}


def new_event(checked: dict[str, Any], *, idempotency_key: str | None) -> NewEvent:
    entity_type, key = checked.get("source_entity_type"), checked.get("source_entity_id")
    return NewEvent(
        event_type=checked["event_type"],
        source=None if entity_type is None or key is None else Entity(entity_type, key),
        actor=checked.get("actor_user_id"),
        payload=checked.get("payload"),
        project_id=checked.get("project_id"),
        idempotency_key=idempotency_key,
        traceparent=checked.get("traceparent", ""),
        tracestate=checked.get("tracestate", ""),
        to=checked.get("to"),
    )
