"""Request and answer fields that take no value for another: no "1" for 1, no 1 for true."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.core.validators import RegexValidator
from django.utils.dateparse import parse_datetime
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import ISO_8601, serializers

from events.entities import ACCEPTED_ID, BIGINT_MAX, MAX_ID
from events.errors import MomentRefused
from events.models import EventType
from events.rules import channel_names, moments

# Far above the number of channels there can be.
MAX_CHANNELS = 32
_DIGITS = re.compile(r"-?[0-9]{1,19}")


class Text(serializers.CharField):
    """JSON text only, untrimmed. NUL and lone surrogates are refused by its base class."""

    default_error_messages = {"invalid": "This must be text."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"trim_whitespace": False} | options))

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Switch(serializers.BooleanField):
    default_error_messages = {"invalid": "This must be true or false."}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number that fits into 64 bits: 1, or 1.0, which JSON calls the same; not "1" or true."""

    default_error_messages = {"invalid": "This must be a whole number."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"min_value": 0, "max_value": BIGINT_MAX} | options))

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, float) and data.is_integer() and abs(data) < 2**53:
            return int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


ENTITY_ID = {
    "oneOf": [
        {"type": "integer", "minimum": 0, "maximum": BIGINT_MAX},
        {"type": "string", "minLength": 1, "maxLength": MAX_ID},
    ]
}


@extend_schema_field(ENTITY_ID)
class EntityId(Whole):
    """A whole number likewise, or text: what text it may be is for Entity to say."""

    default_error_messages = {"invalid": f"This must be {ACCEPTED_ID}."}

    def to_internal_value(self, data: Any) -> Any:
        return data if isinstance(data, str) else super().to_internal_value(data)

    def run_validators(self, value: Any) -> None:
        if not isinstance(value, str):
            super().run_validators(value)

    def to_representation(self, value: Any) -> Any:
        return value


class Instant(serializers.DateTimeField):
    """ISO 8601 with an offset in, UTC with Z out; from 1970 to 2200."""

    default_error_messages = {
        "invalid": "This must be a time with an offset, as in 2030-01-31T18:00:00Z.",
        "out_of_range": f"This is too far away; accepted are times {moments.ACCEPTED}.",
    }

    def __init__(self, **options: Any) -> None:
        own: dict[str, Any] = {"default_timezone": UTC, "format": ISO_8601}
        super().__init__(**(own | options))

    def to_internal_value(self, value: Any) -> datetime:
        try:
            instant = parse_datetime(value) if isinstance(value, str) else None
            if instant is not None and instant.tzinfo is not None:
                return moments.checked(instant, field=self.field_name or "")
        except MomentRefused:
            self.fail("out_of_range")
        except ValueError:
            pass
        return self.fail("invalid", format="ISO 8601")


@extend_schema_field(OpenApiTypes.OBJECT)
class Payload(serializers.Field[Any, Any, Any, Any]):
    """Any JSON object. What it may hold is for the type's schema to say."""

    default_error_messages = {"not_an_object": "This must be a JSON object."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("not_an_object")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Listed(serializers.ListField):
    """List whose length is checked before its values, which the base class would all look at first."""

    def to_internal_value(self, data: Any) -> list[Any]:
        if self.max_length is not None and isinstance(data, list) and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        items: list[Any] = super().to_internal_value(data)
        return items


class Distinct(Listed):
    default_error_messages = {"repeated": "Something is named twice; name each once."}

    def to_internal_value(self, data: Any) -> list[Any]:
        items = super().to_internal_value(data)
        if len(set(items)) != len(items):
            self.fail("repeated")
        return items


class DistinctExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = Distinct

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        schema = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return schema | {"uniqueItems": True}


def printable(**options: Any) -> Text:
    check = RegexValidator(r"^[ -~]+\Z", "Only printable ASCII is accepted.", code="not_printable")
    return Text(validators=[check], **options)


class Enumerated(Text):
    """Text that the OpenAPI document shows as an enumeration; whoever takes it refuses others by their name."""

    def __init__(self, names: Callable[[], Sequence[str]], **options: Any) -> None:
        super().__init__(**options)
        self.names = names


class EnumeratedExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = Enumerated
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return {"type": "string", "enum": list(self.target.names())}


def one_of(names: Sequence[str], **options: Any) -> Enumerated:
    return Enumerated(lambda: names, **options)


class Choice(Enumerated):
    """Text that is one of these; others are refused."""

    default_error_messages = {"unknown_choice": "This must be one of {known}."}

    def __init__(self, names: Sequence[str], **options: Any) -> None:
        super().__init__(lambda: names, **options)

    def to_internal_value(self, data: Any) -> str:
        chosen = super().to_internal_value(data)
        if chosen not in self.names():
            self.fail("unknown_choice", known=", ".join(self.names()))
        return chosen


class Category(Enumerated):
    """Categories are data: those that some event type has. Others are refused."""

    default_error_messages = {"unknown_category": "There is no such category; there are {known}."}

    def __init__(self, **options: Any) -> None:
        super().__init__(categories, **options)

    def to_internal_value(self, data: Any) -> str:
        category, known = super().to_internal_value(data), categories()
        if category not in known:
            self.fail("unknown_category", known=", ".join(known))
        return category


def active_types() -> list[str]:
    return list(EventType.objects.filter(is_active=True).order_by("name").values_list("name", flat=True))


def categories() -> list[str]:
    return list(EventType.objects.order_by("category").values_list("category", flat=True).distinct())


EventTypeName = partial(Enumerated, active_types)
ChannelName = partial(Enumerated, channel_names.known)


class QuerySwitch(Switch):
    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value({"true": True, "false": False}.get(data, data))


class QueryWhole(Whole):
    def to_internal_value(self, data: Any) -> int:
        is_number = isinstance(data, str) and data.isascii() and _DIGITS.fullmatch(data) is not None
        return super().to_internal_value(int(data) if is_number else data)
