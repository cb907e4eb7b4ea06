"""Log lines as JSON objects, one a line, with the ids of what was worked on; and the ids of requests for them."""

import json
import logging
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse

from events.db.clock import instant
from events.transport import log_ids

# What a proxy may have named a request; another gets a name of ours.
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

# Where a request holds its name.
_NAME = "_carillon_log_id"


class JsonLine(logging.Formatter):
    """Formatter: `time`, `level`, `logger`, `message`, `exception` where there is one, and ids where they are known."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": instant(datetime.fromtimestamp(record.created, UTC)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **log_ids.current(),
            **_of_request(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _of_request(record: logging.LogRecord) -> dict[str, str]:
    """Name the request of a line that Django writes once the middleware has been left."""
    name = getattr(getattr(record, "request", None), _NAME, None)
    return {"request": name} if name else {}


def request_ids(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, the first of all: names a request by its X-Request-ID, or anew."""

    def named(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        name = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        setattr(request, _NAME, name)
        with log_ids.working_on(request=name):
            return get_response(request)

    return named
