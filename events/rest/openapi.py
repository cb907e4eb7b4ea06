"""The OpenAPI document beyond each operation's own body: errors, statuses, headers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from events.rest.fields import Text


class Operation(AutoSchema):
    """A body that is asked for has to come, also where no field of it is required."""

    def _get_request_for_media_type(self, serializer: Any, direction: Any = "request") -> tuple[Any, bool]:
        schema, _is_required = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, not getattr(serializer, "may_be_missing", False)


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
    parameters: Sequence[Any] = (),
    refusals: Sequence[int] = (),
    is_list: bool = False,
    changes_inbox: bool = False,
) -> Callable[[F], F]:
    """`answers`: what success looks like; `refusals`: statuses beyond those that any operation can answer.

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
    return extend_schema(
        operation_id=operation_id,
        summary=summary,
        request=request,
        responses=answers | problems,
        parameters=[*parameters, *headers],
    )
