"""Callers that requests count for: known before the database is asked, from what earlier requests were answered for."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from config.client_network import network
from events.models import ApiKey
from notifications.websocket.authentication import credentials

# Where the scope of a request holds whom it was answered for.
ANSWERED_FOR = "carillon.answered_for"
MOST_REMEMBERED = 10_000
REMEMBERED_SECONDS = 300.0


class Callers:
    """Memory of the sessions and keys that requests were answered for, by their digests; the newest, for a while.

    A cookie or a key that was never answered for counts by the client's address: anybody can make up thousands.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def of(self, scope: dict[str, Any]) -> str:
        """Name the key or the person, if known, else the network that the request comes from."""
        known = self._known.get(_digest(scope))
        if known and self._clock() < known[1]:
            return known[0]
        address, _port = scope.get("client") or ("", 0)
        return f"address:{network(address)}"

    def remember(self, scope: dict[str, Any]) -> None:
        """Keep whom a request was answered for, so that the next with its session or key is known to be theirs."""
        if caller := scope.get(ANSWERED_FOR):
            digest = _digest(scope)
            self._known[digest] = (caller, self._clock() + REMEMBERED_SECONDS)
            self._known.move_to_end(digest)
            if len(self._known) > MOST_REMEMBERED:
                self._known.popitem(last=False)


def _digest(scope: dict[str, Any]) -> bytes:
    who = credentials(scope)
    text = f"session {who.session_key}" if who.bearer is None else f"bearer {who.bearer}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def say_who(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that notes in the ASGI scope whom a request was answered for. Asks the database nothing."""

    def said(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        _note(request)
        return response

    return said


def _note(request: HttpRequest) -> None:
    scope: dict[str, Any] = getattr(request, "scope", {})
    key = getattr(request, "auth", None)
    # Set once the session's user was looked up; request.user itself would look now.
    user = getattr(request, "_cached_user", None)
    if isinstance(key, ApiKey):
        scope[ANSWERED_FOR] = f"key:{key.pk}"
    elif user is not None and user.is_authenticated:
        scope[ANSWERED_FOR] = f"user:{user.pk}"
