"""Errors under /api/ that the API's own views had no part in: JSON of the same shape, wherever they come from."""

import json
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults

PREFIX = "/api/"
AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


class _Problem(NamedTuple):
    code: str
    detail: str


_PROBLEMS = {
    400: _Problem(code="bad_request", detail="The request can't be read."),
    403: _Problem(code="permission_denied", detail="This is not allowed."),
    404: _Problem(code="not_found", detail="Not found."),
    405: _Problem(code="method_not_allowed", detail="This method is not allowed here."),
    413: _Problem(code="too_large", detail="The request is too large."),
    500: _Problem(code="internal_error", detail="Something went wrong here; it is in the server's log."),
    503: _Problem(code="unavailable", detail="This can't be answered now; try again."),
}


def errors_in_json(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, the outermost: what comes out of the others as a page, Django's own pages of a DEBUG site among
    them, becomes JSON where a program asked."""
    return lambda request: in_json(get_response(request), path=request.path_info)


def in_json(response: AnyResponse, *, path: str) -> AnyResponse:
    """The response, with its headers; its content replaced if it is an error of the API that isn't JSON."""
    is_page = response.status_code >= 400 and "json" not in response.headers.get("Content-Type", "")
    if is_page and path.startswith(PREFIX) and isinstance(response, HttpResponse):
        problem = _PROBLEMS.get(response.status_code, _PROBLEMS[400 if response.status_code < 500 else 500])
        response.content = json.dumps(problem._asdict()).encode()
        response.headers["Content-Type"] = "application/json"
        response.headers["Content-Length"] = str(len(response.content))
        response.headers.pop("Content-Encoding", None)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """View of requests that can't be read (Django's handler400): with what is wrong, where a program asked."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    if isinstance(exception, BadRequest) and request.path_info.startswith(PREFIX):
        return JsonResponse({"code": _PROBLEMS[status].code, "detail": str(exception)}, status=status)
    response = defaults.bad_request(request, exception)
    response.status_code = status
    return response
