"""Strict reading of requests: a name nobody knows is an error, not something to pass over."""

from itertools import islice
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

# An object of more members is refused before any of them is looked at.
MAX_MEMBERS = 10_000
# Unknown names that are said: the first few show what is wrong.
MOST_NAMED = 10


class Strict(serializers.Serializer[Any]):
    """Names unknown fields together with whatever else is wrong."""

    default_error_messages = {"invalid": "This must be a JSON object."}
    may_be_missing = False  # a request without any body means {}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        errors: dict[str, Any] = {}
        if isinstance(data, dict):
            if len(data) > MAX_MEMBERS:
                detail = ErrorDetail(f"An object has at most {MAX_MEMBERS} members.", code="too_many_members")
                raise ValidationError({"non_field_errors": [detail]})
            known = ", ".join(self.fields) or "none"
            unknown = islice((name for name in data if name not in self.fields), MOST_NAMED)
            detail = ErrorDetail(f"There is no such field; accepted: {known}.", code="unknown_field")
            errors = {str(name)[:100]: [detail] for name in unknown}
        try:
            checked: dict[str, Any] = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError(errors | dict(error.detail)) from error  # type: ignore[arg-type]
        if errors:
            raise ValidationError(errors)
        return checked


class StrictExtension(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> Any:
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if not vars(type(self.target)).get("__doc__"):
            schema.pop("description", None)
        least = {"minProperties": 1} if isinstance(self.target, Changes) else {}
        return schema | {"additionalProperties": False} | least


class Changes(Strict):
    """A PUT changes the fields it names; at least one."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for field in fields.values():
            field.required = False
        return fields

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise ValidationError(f"Name at least one of {', '.join(self.fields)}.", code="empty")
        return attrs


def body_of(request: Request, *, as_: type[Strict]) -> dict[str, Any]:
    """The checked body. Raises what `errors.handle` knows how to answer."""
    checked = as_(data=request.data)
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def query_of(request: Request, *, as_: type[Strict]) -> dict[str, Any]:
    """The checked query string; each name at most once."""
    errors = {
        name: [ErrorDetail("Name it once.", code="repeated")]
        for name, values in request.query_params.lists()
        if len(values) > 1
    }
    if errors:
        raise ValidationError(errors)
    checked = as_(data=request.query_params.dict())
    checked.is_valid(raise_exception=True)
    return dict(checked.validated_data)


def user_id_of(request: Request) -> int:
    """Id of the user who asks; the permissions have refused anonymous ones before."""
    return int(request.user.pk or 0)
