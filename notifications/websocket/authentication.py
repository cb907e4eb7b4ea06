"""Authentication of a WebSocket by a session cookie from an allowed origin or a bearer key; checked while it lives."""

import hashlib
from dataclasses import dataclass
from importlib import import_module
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.security.websocket import OriginValidator
from django.conf import settings
from django.contrib.auth import get_user
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from events import api_keys
from notifications.inbox import push


@dataclass(frozen=True, slots=True)
class Credentials:
    session_key: str | None
    bearer: str | None

    @property
    def digest(self) -> str | None:
        return digest(self.session_key) if self.session_key else None


def credentials(scope: dict[str, Any]) -> Credentials:
    scheme, _, token = _header(scope, b"authorization").partition(" ")
    if scheme.lower() == "bearer":
        return Credentials(session_key=None, bearer=token.strip())
    cookies = parse_cookie(_header(scope, b"cookie"))
    return Credentials(session_key=cookies.get(settings.SESSION_COOKIE_NAME), bearer=None)


def is_origin_allowed(scope: dict[str, Any]) -> bool:
    """Tell if the page is ours: a browser sends cookies from any page. Scheme and host of the request, or one of
    CSRF_TRUSTED_ORIGINS. Who comes with a bearer key is no browser page with borrowed cookies."""
    origin = _header(scope, b"origin")
    if not origin:
        return credentials(scope).bearer is not None
    # Channels spells Django's `*.example.com` as `.example.com`.
    allowed = [trusted.replace("://*.", "://.") for trusted in settings.CSRF_TRUSTED_ORIGINS]
    host = _header(scope, b"host")
    if validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        allowed.append(f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}")
    try:
        return bool(OriginValidator(None, allowed).validate_origin(urlsplit(origin)))
    except ValueError:
        return False


async def user_id(who: Credentials) -> int | None:
    """Find the active person behind it, or None. One or two queries, on a thread of its own."""
    return cast("int | None", await database_sync_to_async(_user_id, thread_sensitive=False)(who))


def end_on_logout(*, request: Any, **_signal: Any) -> None:
    """Receiver of Django's user_logged_out: the sockets of that session go with it."""
    if request is not None and request.session.session_key:
        push.end_sessions(session=digest(request.session.session_key))


def digest(session_key: str) -> str:
    """Digest of a session key, which itself never travels over the layer."""
    return hashlib.sha256(session_key.encode()).hexdigest()


def _user_id(who: Credentials) -> int | None:
    if who.bearer is not None:
        key = api_keys.resolve(who.bearer)
        # A key that may only publish reads nobody's inbox.
        return key.user_id if key is not None and key.publish_patterns is None else None
    # PostgreSQL would refuse to look for a NUL, which a quoted cookie can hold.
    if not who.session_key or not who.session_key.isprintable():
        return None
    store = import_module(settings.SESSION_ENGINE).SessionStore(who.session_key)
    # get_user checks the password hash in the session, and that the account is active.
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]  # it reads nothing but the session
    return user.pk


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope.get("headers", []) if key == name), "")
