"""Requests of this process, counted by the route and the status of their answer: middleware, the outermost."""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from events.monitoring import families

# What no route answers, and static files.
NO_ROUTE = "-"


@sync_and_async_middleware
def count_requests(respond: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    if iscoroutinefunction(respond):

        async def respond_async(request: HttpRequest) -> HttpResponseBase:
            return _counted(request, await respond(request))

        return respond_async
    return lambda request: _counted(request, respond(request))


def _counted(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # A route is a pattern: what was asked for would be a name without end.
    route = request.resolver_match.route if request.resolver_match else NO_ROUTE
    families.REQUESTS.labels(route, str(response.status_code)).inc()
    return response
