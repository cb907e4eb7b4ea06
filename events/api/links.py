"""Lists are plain JSON arrays; where they go on says a Link header."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.http import urlencode
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from events.api.fields import QueryWhole, Text
from events.api.requests import Strict
from events.entities import BIGINT_MAX

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


class Paged(Strict):
    """The query parameters of every list."""

    limit = QueryWhole(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many at most.")
    cursor = Text(required=False, max_length=50, help_text="From the Link header of the page before; opaque.")


def cursor_numbers(cursor: str | None, *, count: int) -> tuple[int, ...] | None:
    """The numbers of a cursor this API gave out; None for none. A 400 for any other text."""
    if cursor is None:
        return None
    parts = cursor.split("-")
    if len(parts) == count and all(part.isascii() and part.isdigit() and len(part) <= 19 for part in parts):
        numbers = tuple(int(part) for part in parts)
        if max(numbers) <= BIGINT_MAX:
            return numbers
    raise ValidationError(
        {"cursor": ["This is no cursor from a Link header; leave it out to begin at the start."]}, code="invalid_cursor"
    )


def cursor_of(*numbers: int) -> str:
    return "-".join(str(number) for number in numbers)


def listed(request: Request, items: Iterable[Any], *, following: dict[str, Any] | None = None) -> Response:
    """The list, with links to its start and, if `following` names parameters, to the page after."""
    asked = request.query_params.dict()
    begun = {name: value for name, value in asked.items() if name not in ("cursor", "after", "offset")}
    links = [(begun, "first")]
    if following is not None:
        links.append((begun | following, "next"))
    here = request.build_absolute_uri(request.path)
    header = ", ".join(f'<{here}{"?" if params else ""}{urlencode(params)}>; rel="{rel}"' for params, rel in links)
    return Response(list(items), headers={"Link": header})
