"""The OpenAPI document beyond each operation's own body: errors, statuses, headers."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from events.rest.fields import Text
from events.rest.permissions import Unrestricted

# Whether the document that is being made is ours: a project's own holds the project's views alone.
is_ours: ContextVar[bool] = ContextVar("is_ours", default=False)


class Operation(AutoSchema):
    """A body that is asked for has to come, also where no field of it is required; `x-callers` says who may ask."""

    def __get__(self, instance: Any, owner: Any) -> Any:
        """None, which leaves the view out, where the document is another's."""
        return super().__get__(instance, owner) if is_ours.get() else None

    def get_extensions(self) -> dict[str, str]:
        asked = self.view.get_permissions()
        is_for_all_keys = not any(isinstance(one, Unrestricted) for one in asked)
        keys = "any key that covers it" if is_for_all_keys else "a key that is not restricted"
        needed = [getattr(one, "message", "") for one in asked if not isinstance(one, Unrestricted)]
        return {"x-callers": " ".join([f"For whoever is signed in, or {keys}.", *filter(None, needed)])}

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> tuple[Any, bool]:
        schema, _is_required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, not getattr(serializer, "may_be_missing", False)


ENTITY_TYPE = OpenApiParameter(
    "entity_type", {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}, OpenApiParameter.PATH
)

F = TypeVar("F", bound=Callable[..., Any])

_MEANING = {
    400: "Something in the request can't be accepted; `code` and `errors` say what.",
    401: "Nobody is signed in, or the key is not valid.",
    403: "This person or key may not do that.",
    404: "There is no such thing, or it is another person's.",
    406: "Answers are JSON only.",
    409: "It contradicts what is there.",
    413: "The body or a payload is too large.",
    415: "Bodies are JSON only.",
    429: "Too soon after the last one; wait.",
    503: "The database can't answer now.",
}


class FieldProblem(serializers.Serializer[Any]):
    field = Text(allow_blank=True)
    code = Text()
    detail = Text()


class Problem(serializers.Serializer[Any]):
    code = Text(help_text="Stable; docs/errors.md lists them all.")
    detail = Text()
    errors = FieldProblem(many=True, required=False)  # type: ignore[assignment]


def _header(name: str, statuses: Sequence[int], *, schema: Any = OpenApiTypes.STR, text: str) -> OpenApiParameter:
    return OpenApiParameter(
        name, schema, OpenApiParameter.HEADER, response=list(statuses), required=True, description=text
    )


def documented(
    operation_id: str,
    *,
    summary: str,
    answers: dict[int, Any],
    request: Any = None,
    examples: dict[str, Any] | None = None,
    parameters: Sequence[Any] = (),
    refusals: Sequence[int] = (),
    is_list: bool = False,
    changes_inbox: bool = False,
) -> Callable[[F], F]:
    """`answers`: what success looks like; `refusals`: statuses beyond those that any operation can answer;
    `examples`: of the body, by media type, where one made of its required fields says too little.

    `is_list`: an answer that isn't a list has links to the pages of one.
    """
    fixed = [401, 403, 406, 503, *([400, 413, 415] if request is not None else [])]
    problems = {
        number: OpenApiResponse(Problem, description=_MEANING[number]) for number in sorted({*fixed, *refusals})
    }
    headers = [
        _header("WWW-Authenticate", [401], text="`Bearer`."),
        _header("Retry-After", [503], schema=OpenApiTypes.INT, text="Seconds."),
    ]
    if is_list or isinstance(answers.get(200), serializers.ListSerializer):
        headers.append(_header("Link", [200], text='RFC 8288; `rel="first"`, and `rel="next"` where there is more.'))
    if changes_inbox:
        happy = list(answers)
        headers.append(_header("X-Inbox-Seq", happy, schema=OpenApiTypes.INT, text="The inbox's number after this."))
        headers.append(_header("X-Unread-Count", happy, schema=OpenApiTypes.INT, text="Unread rows after this."))
    said = {number: OpenApiResponse(what, description=HTTPStatus(number).phrase) for number, what in answers.items()}
    extended = extend_schema(
        operation_id=operation_id,
        summary=summary,
        request=request,
        examples=[
            OpenApiExample("Example", value=value, media_type=media_type, request_only=True)
            for media_type, value in (examples or {}).items()
        ],
        responses=said | problems,
        parameters=[*parameters, *headers],
    )

    def decorated(method: F) -> F:
        # What is there is extended; else it would be the project's DEFAULT_SCHEMA_CLASS.
        method.kwargs = {"schema": Operation}  # type: ignore[attr-defined]
        return extended(method)

    return decorated
