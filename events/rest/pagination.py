"""Lists of the API: plain JSON arrays, and a Link header to the next page."""

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils.http import urlencode
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from events.rest.fields import QueryWhole, Text
from events.rest.strict import Strict, query_of

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def cursor_field(*, count: int) -> serializers.Field[Any, Any, Any, Any]:
    """A cursor of so many numbers, which it becomes a tuple of."""
    pattern = "-".join(["[0-9]{1,18}"] * count)

    @extend_schema_field({"type": "string", "pattern": f"^{pattern}$"})
    class Cursor(Text):
        default_error_messages = {
            "invalid_cursor": "This is no cursor from a Link header; leave it out to begin at the start."
        }

        def to_internal_value(self, data: Any) -> Any:
            if not isinstance(data, str) or not re.fullmatch(pattern, data):
                self.fail("invalid_cursor")
            return tuple(int(number) for number in data.split("-"))

    return Cursor(required=False, help_text="From the Link header of the page before; opaque.")


class Paged(Strict):
    limit = QueryWhole(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="How many at most.")
    cursor = cursor_field(count=1)


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


def listed_by_id(request: Request, rows: QuerySet[Any], *, as_: type[serializers.Serializer[Any]]) -> Response:
    """A page of the rows in the order of their ids, as the query string asks for it: `Paged`. One query."""
    query = query_of(request, as_=Paged)
    unread = list(rows.filter(id__gt=query.get("cursor", (0,))[0]).order_by("id")[: query["limit"] + 1])
    page = unread[: query["limit"]]
    following = {"cursor": cursor_of(page[-1].pk)} if len(unread) > len(page) else None
    return listed(request, as_(page, many=True).data, following=following)
