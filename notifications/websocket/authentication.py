"""Authentication of a WebSocket by a session cookie from an allowed origin or a bearer key; how long it holds."""

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import OriginValidator
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user
from django.contrib.sessions.backends import db
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from events import accounts, api_keys
from events.accounts import User
from events.errors import shown
from events.transport import outages
from notifications.inbox import push

logger = logging.getLogger(__name__)

_REFUSED = (
    "A socket to %s was refused that came from a page of %s: the two must be alike and the host in "
    "ALLOWED_HOSTS, or the page in CSRF_TRUSTED_ORIGINS"
)


@dataclass(frozen=True, slots=True)
class Credentials:
    session_key: str | None
    bearer: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Person behind a socket, and what must stay as it is for the socket to stay open: the session and the password
    (as a digest of its stored hash), or the key."""

    user_id: int
    session_key: str | None = None
    password: str = ""
    key_id: int | None = None


class _SessionCopy(dict[str, Any]):
    """Session that get_user may change: after SECRET_KEY was replaced it gives a session a new key, which a socket
    can't hand to its browser. The next page does."""

    def cycle_key(self) -> None:
        """Change nothing: the browser keeps the key that it has."""

    def flush(self) -> None:
        self.clear()


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
    # Those of this machine while nobody has named any: as Django has it.
    hosts = settings.ALLOWED_HOSTS or ([".localhost", "127.0.0.1", "[::1]"] if settings.DEBUG else [])
    if validate_host(split_domain_port(host)[0], hosts):
        allowed.append(f"{'https' if scope.get('scheme') == 'wss' else 'http'}://{host}")
    try:
        is_ours = bool(OriginValidator(None, allowed).validate_origin(urlsplit(origin)))
    except ValueError:
        is_ours = False
    if not is_ours and outages.is_first(__name__, "sockets are refused for their origin", kind="origin"):
        logger.warning(_REFUSED, shown(host), shown(origin))
    return is_ours


def identify(who: Credentials) -> Identity | None:
    """Find the active person behind them. One query for a session and one for its person; one at most for a key, and
    one that stamps its use."""
    if who.bearer is not None:
        key = api_keys.resolve(who.bearer)
        # A key that may only publish reads nobody's inbox.
        return None if key is None or api_keys.is_restricted(key) else Identity(key.user_id, key_id=key.pk)
    # PostgreSQL would refuse to look for a NUL, which a quoted cookie can hold.
    if not who.session_key or not who.session_key.isprintable():
        return None
    session = _SessionCopy(_session_store()(who.session_key).items())
    # get_user checks the password hash in the session, and that the account is active.
    user = get_user(SimpleNamespace(session=session))  # type: ignore[arg-type]  # it reads nothing but the session
    return Identity(user.pk, who.session_key, password=digest(user.password)) if isinstance(user, User) else None


def may_watch(who: Identity) -> bool:
    """Tell if the person may know when something happens that concerns others. At most three queries."""
    user = accounts.active().filter(pk=who.user_id).first()
    return user is not None and user.has_perm("carillon_events.view_event")


def lapsed(identities: Collection[Identity], *, now: datetime) -> set[Identity]:
    """Find those that would not be let in now: the session ended or expired, the key was revoked, the password changed,
    the person switched off or deleted.

    One query each for people, sessions and keys, however many they are; the keys' use is stamped with one more.
    """
    people = _passwords({who.user_id for who in identities})
    sessions = _living_sessions({who.session_key for who in identities if who.session_key}, now=now)
    keys = api_keys.still_unrestricted({who.key_id for who in identities if who.key_id}, now=now)

    def holds(who: Identity) -> bool:
        if who.key_id is not None:
            return who.user_id in people and who.key_id in keys
        return who.session_key in sessions and people.get(who.user_id) == who.password

    return {who for who in identities if not holds(who)}


def end_on_logout(*, request: Any, **_signal: Any) -> None:
    """Receiver of Django's user_logged_out: the sockets of that session go with it."""
    if request is not None and request.session.session_key:
        push.end_sessions(session=digest(request.session.session_key))


def end_on_login(*, request: Any, **_signal: Any) -> None:
    """Receiver of Django's user_logged_in: whoever signs in over another person's session has ended it."""
    earlier = request.COOKIES.get(settings.SESSION_COOKIE_NAME) if request is not None else None
    if earlier and earlier != request.session.session_key:
        push.end_sessions(session=digest(earlier))


def digest(secret: str) -> str:
    """Digest of a session key, which itself never travels over the layer, or of a password's stored hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _session_store() -> Any:
    return import_module(settings.SESSION_ENGINE).SessionStore


def _passwords(users: set[int]) -> dict[int, str]:
    """Digests of the active people's stored hashes."""
    active = accounts.active().filter(pk__in_set=users).values_list("pk", "password")
    return {pk: digest(password) for pk, password in active}


def _living_sessions(keys: set[str], *, now: datetime) -> set[str]:
    store = _session_store()
    if not keys or not issubclass(store, db.SessionStore):
        # Engines beside the database's (which the cached one builds on) are asked for each session alone.
        return {key for key in keys if SESSION_KEY in store(key)}
    living = store.get_model_class().objects.filter(session_key__in_set=keys, expire_date__gt=now)
    return set(living.values_list("session_key", flat=True))


def _header(scope: dict[str, Any], name: bytes) -> str:
    return next((value.decode("latin-1") for key, value in scope.get("headers", []) if key == name), "")
