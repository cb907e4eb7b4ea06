"""Request and answer fields that take no value for another: no "1" for 1, no 1 for true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.validators import RegexValidator
from django.utils.dateparse import parse_datetime
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from events.entities import BIGINT_MAX
from events.models import EventType
from events.rules import channel_names

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


class Instant(serializers.DateTimeField):
    """ISO 8601 with an offset in, UTC with Z out."""

    default_error_messages = {"invalid": "This must be a time with an offset, as in 2030-01-31T18:00:00Z."}

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"default_timezone": UTC} | options))

    def to_internal_value(self, value: Any) -> datetime:
        try:
            found = parse_datetime(value) if isinstance(value, str) else None
            if found is not None and found.tzinfo is not None:
                return found.astimezone(UTC)
        except (ValueError, OverflowError):
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


class Distinct(serializers.ListField):
    """A list that names nothing twice."""

    default_error_messages = {"repeated": "Something is named twice; name each once."}

    def to_internal_value(self, data: Any) -> list[Any]:
        found = super().to_internal_value(data)
        if len(set(found)) != len(found):
            self.fail("repeated")
        return found


class DistinctExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = Distinct

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        schema = auto_schema._map_serializer_field(self.target, direction, bypass_extensions=True)
        return schema | {"uniqueItems": True}


def printable(**options: Any) -> Text:
    """Text of printable ASCII."""
    check = RegexValidator(r"^[ -~]+\Z", "Only printable ASCII is accepted.", code="not_printable")
    return Text(validators=[check], **options)


class EventTypeName(Text):
    """The OpenAPI document lists the types that can be published now; refusing others is for `publish`."""


class ChannelName(Text):
    """The OpenAPI document lists those there are; refusing others is for the verb that takes it."""


class Category(Text):
    """Categories are data: those that some event type has."""

    default_error_messages = {"unknown_category": "There is no such category; there are {known}."}

    def to_internal_value(self, data: Any) -> str:
        found, known = super().to_internal_value(data), categories()
        if found not in known:
            self.fail("unknown_category", known=", ".join(known))
        return found


def categories() -> list[str]:
    return list(EventType.objects.order_by("category").values_list("category", flat=True).distinct())


class EventTypeNameExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = EventTypeName

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        active = EventType.objects.filter(is_active=True).order_by("name")
        return {"type": "string", "enum": list(active.values_list("name", flat=True))}


class ChannelNameExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = ChannelName

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return {"type": "string", "enum": list(channel_names.known())}


class CategoryExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = Category

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        return {"type": "string", "enum": categories()}


def one_of(names: Sequence[str], **options: Any) -> serializers.Field[Any, Any, Any, Any]:
    """Text that the OpenAPI document shows as an enumeration; the verb that takes it refuses others by their name."""

    @extend_schema_field({"type": "string", "enum": list(names)})
    class OneOf(Text):
        """Local, because drf-spectacular keeps the enumeration on the class."""

    return OneOf(**options)


class QuerySwitch(Switch):
    """`true` or `false` in a query string."""

    def to_internal_value(self, data: Any) -> bool:
        return super().to_internal_value({"true": True, "false": False}.get(data, data))


class QueryWhole(Whole):
    """Digits in a query string."""

    def to_internal_value(self, data: Any) -> int:
        is_number = isinstance(data, str) and data.isascii() and _DIGITS.fullmatch(data) is not None
        return super().to_internal_value(int(data) if is_number else data)
