"""Every error of the API in one shape: {"code", "detail", "errors"?: [{"field", "code", "detail"}]}."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict

from django.conf import settings
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import got_request_exception
from django.db import Error, InterfaceError, OperationalError
from django.http import Http404
from django.utils.log import log_response
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    NotFound,
    ParseError,
    ValidationError,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import set_rollback

from events.db.errors import is_passing
from events.errors import Refused
from events.transport import outages

MAX_LISTED = 100
# Of a text that repeats what was sent.
MAX_DETAIL = 1000
RETRY_AFTER_SECONDS = 1


class FieldError(TypedDict):
    field: str
    code: str
    detail: str


class TooLargeError(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class BadBodyError(ParseError):
    """A body that is no acceptable JSON. `field` names the place, if one is to blame."""

    default_code = "invalid_json"

    def __init__(self, detail: str, *, code: str = "invalid_json", field: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.field = field


@contextmanager
def missing_is_404(*models: type[Any]) -> Iterator[None]:
    """Answer 404 for what does not exist, or is somebody else's: nobody learns which of the two."""
    try:
        yield
    except ObjectDoesNotExist as error:
        if isinstance(error, tuple(model.DoesNotExist for model in models)):
            raise Http404 from error
        raise


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of the whole API. None: a request that can't be read, of which Django's own log tells."""
    match error:
        case Refused():
            response = _refused(error)
        case ValidationError():
            response = _invalid(error)
        case RequestDataTooBig():
            response = _answer(413, code="too_large", detail="The body is too large; at most 8 MB are accepted.")
        case Http404():
            response = _answer(404, code="not_found", detail=str(NotFound.default_detail))
        case Error() if is_passing(error) or isinstance(error, OperationalError | InterfaceError):
            outages.note(__name__, "the database could not answer", error, in_a_line=is_passing(error))
            response = _answer(503, code="unavailable", detail="The database can't answer now; try again.")
            response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        case APIException():
            response = _api_error(error)
        case PermissionDenied():
            response = _answer(403, code="permission_denied", detail="This is not allowed.")
        case BadRequest() | SuspiciousOperation():
            return None
        case _ if settings.DEBUG_PROPAGATE_EXCEPTIONS:
            return None
        case _:
            response = _bug(error, context["request"])
    if response.status_code >= 500:
        set_rollback()
    return response


def _bug(error: Exception, request: Request) -> Response:
    """An answer in JSON, with or without DEBUG; who listens to Django's signal or its log hears of the error."""
    got_request_exception.send(sender=None, request=request._request)
    answer = _answer(500, code="internal_error", detail="Something went wrong here; it is in the server's log.")
    log_response(
        "%s: %s", answer.reason_phrase, request.path, response=answer, request=request._request, exception=error
    )
    return answer


def _answer(code_of_http: int, *, code: str, detail: str, errors: list[FieldError] | None = None) -> Response:
    body: dict[str, Any] = {"code": code, "detail": _cut(detail)}
    if errors:
        body["errors"] = [
            error | {"field": _cut(error["field"]), "detail": _cut(error["detail"])} for error in errors[:MAX_LISTED]
        ]
    return Response(body, status=code_of_http)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_DETAIL else f"{text[: MAX_DETAIL - 1]}…"


def _refused(error: Refused) -> Response:
    code_of_http = 413 if error.code == "payload_too_large" else error.http_status
    errors = [_problem(refusal) for refusal in (error, *error.others)]
    more = f" ({len(errors)} errors in all)" if len(errors) > 1 else ""
    is_placed = bool(errors[0]["field"])
    answer = _answer(code_of_http, code=error.code, detail=error.detail + more, errors=errors if is_placed else None)
    if error.wait is not None:
        answer["Retry-After"] = str(error.wait)
    return answer


def _problem(error: Refused) -> FieldError:
    field = error.field or ""
    if error.index is not None:
        field = f"[{error.index}].{field}" if field else f"[{error.index}]"
    return {"field": field, "code": error.code, "detail": error.detail}


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, as a sentence that names its field."""
    first = next(_flat(error.detail, field=""), None)
    if first is None:
        return "The request is not valid."
    return f"{first['field']}: {first['detail']}" if first["field"] else first["detail"]


def _invalid(error: ValidationError) -> Response:
    errors = list(_flat(error.detail, field=""))
    detail = first_problem(error)
    more = f" ({len(errors)} errors in all)" if len(errors) > 1 else ""
    return _answer(400, code="invalid", detail=detail + more, errors=errors)


def _flat(detail: Any, *, field: str) -> Iterator[FieldError]:
    match detail:
        case dict():
            for name, inner in detail.items():
                is_whole = name == api_settings.NON_FIELD_ERRORS_KEY
                yield from _flat(inner, field=field if is_whole else _below(field, name))
        case list():
            for number, inner in enumerate(detail):
                yield from _flat(inner, field=field if isinstance(inner, str) else _below(field, number))
        case _:
            yield {"field": field, "code": getattr(detail, "code", None) or "invalid", "detail": str(detail)}


def _below(field: str, name: str | int) -> str:
    if isinstance(name, int):
        return f"{field}[{name}]"
    return f"{field}.{name}" if field else name


def _api_error(error: APIException) -> Response:
    detail = error.detail
    text = str(detail) if isinstance(detail, str) else str(error.default_detail)
    code = str(detail.code) if isinstance(detail, ErrorDetail) else str(error.default_code)
    place = error.field if isinstance(error, BadBodyError) else None
    errors: list[FieldError] | None = [{"field": place, "code": code, "detail": text}] if place else None
    answer = _answer(error.status_code, code=code, detail=text, errors=errors)
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(wait)
    authenticate = getattr(error, "auth_header", None)
    if authenticate:
        answer["WWW-Authenticate"] = authenticate
    return answer
