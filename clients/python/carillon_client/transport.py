"""Requests to the API: sent again after 429 and 5xx, when the server says, within one deadline for all of it."""

import itertools
import json
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from carillon_client.errors import RefusedError, UnavailableError

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Transport:
    """One site and one key. Each request has a connection of its own, so that threads may share this."""

    def __init__(self, url: str, *, key: str, deadline: float) -> None:
        site = urlsplit(url)
        if site.scheme not in ("http", "https") or not site.hostname:
            raise ValueError(f"{url!r} is no address of a site; write one like https://carillon.example.com")
        self._site, self._key, self._deadline = site, key, deadline

    def call(self, method: str, path: str, *, content: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send until it is answered. Only what may arrive twice: it is sent again when nobody knows if it did.

        Raises RefusedError, and UnavailableError at the deadline.
        """
        body = None if content is None else json.dumps(content).encode()
        sent = {"Authorization": f"Bearer {self._key}", "Accept": "application/json", **(headers or {})}
        sent |= {} if body is None else {"Content-Type": "application/json"}
        ends = time.monotonic() + self._deadline
        for attempt in itertools.count():
            pause: float | None = None
            try:
                answer = self._once(method, self._site.path.rstrip("/") + path, body, sent, ends=ends)
            except (OSError, HTTPException) as error:
                failure: Exception = UnavailableError(f"no answer from {self._site.netloc}: {error!r}")
                failure.__cause__ = error
            else:
                if answer.status < 400:
                    return answer
                failure, pause = _refusal(answer), _asked_pause(answer.headers.get("Retry-After"))
                # A 429 without a word of when is one that waiting doesn't help.
                if answer.status < 500 and (answer.status != 429 or pause is None):
                    raise failure
            if pause is None:
                pause = random.random() * min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
            if time.monotonic() + pause >= ends:
                raise failure
            time.sleep(pause)
        raise AssertionError("an endless loop has ended")

    def _once(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str], *, ends: float) -> Answer:
        left = max(ends - time.monotonic(), 0.001)
        kind = HTTPSConnection if self._site.scheme == "https" else HTTPConnection
        connection = kind(self._site.hostname or "", self._site.port, timeout=left)
        try:
            connection.connect()
            socket = connection.sock
            connection.request(method, path, body, headers)
            response, parts = connection.getresponse(), []
            while part := response.read1(65536):
                parts.append(part)
                socket.settimeout(max(ends - time.monotonic(), 0.001))
            return Answer(response.status, response.headers, b"".join(parts))
        finally:
            connection.close()


def _refusal(answer: Answer) -> RefusedError:
    try:
        said = answer.json()
        return RefusedError(answer.status, code=said["code"], detail=said["detail"], errors=said.get("errors", []))
    except (ValueError, LookupError, TypeError):
        # A proxy's page.
        text = answer.body[:200].decode(errors="replace")
        return RefusedError(answer.status, code="unknown", detail=text, errors=[])


def _asked_pause(text: str | None) -> float | None:
    """Seconds that the server asks to wait: a number, or until a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds(), 0)
    except (ValueError, TypeError):
        return None
