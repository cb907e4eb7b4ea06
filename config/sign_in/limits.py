"""Limits of attempts to sign in, by account and by address, counted before a password is hashed.

Attempts from an address that the account's owner has signed in from lately count apart from all others: strangers who
guess keep out whoever is new to an account, for minutes, and not its owner at home. Names of no account count alike.
"""

import hashlib
import logging
import math
import time
from typing import Any

from django.http import HttpRequest
from django.utils.translation import ngettext

from config.client_network import network
from config.try_later import TryLaterError
from events.accounts import User
from events.transport.shared_counts import SharedCounts

logger = logging.getLogger("carillon.sign_in")

WINDOW = 300
ACCOUNT_ATTEMPTS = 10
# Others may be behind the same address; what succeeds isn't counted.
ADDRESS_ATTEMPTS = 30
KNOWN_SECONDS = 30 * 24 * 3600

_counts = SharedCounts("sign-in", effect="attempts to sign in are counted in each process alone", go_on_alone=True)


class TooManyAttemptsError(TryLaterError):
    def __init__(self, *, seconds: int) -> None:
        minutes = math.ceil(seconds / 60)
        detail = ngettext(
            "Too many sign-in attempts. Try again in %(minutes)d minute.",
            "Too many sign-in attempts. Try again in %(minutes)d minutes.",
            minutes,
        )
        super().__init__(detail % {"minutes": minutes}, code="rate_limited", seconds=seconds, status=429)


class LimitedAttempts:
    """Authentication backend that lets nobody in: it stands first and refuses who has tried too often.

    Without a request, as from a shell, nothing is counted.
    """

    def authenticate(self, request: HttpRequest | None, username: str | None = None, **_credentials: Any) -> None:
        if request is not None and username is not None:
            spend(username, address=request.META.get("REMOTE_ADDR", ""), now=clock())


class _Subjects:
    """Names of the counts of an attempt: of its account, its address, and both together once the owner was there."""

    def __init__(self, name: str, address: str) -> None:
        client = network(address)
        account = hashlib.sha256(name.casefold().encode("utf-8", "surrogatepass")).hexdigest()
        self.account, self.address = f"account:{account}", f"address:{client}"
        self.both, self.known = f"both:{account}:{client}", f"known:{account}:{client}"


def spend(name: str, *, address: str, now: float) -> None:
    """Count an attempt to sign in; TooManyAttemptsError (429) where it is one too many. No query."""
    subjects = _Subjects(name, address)
    if _counts.get(subjects.known, now=now):
        _count(subjects.both, most=ACCOUNT_ATTEMPTS, whose=f"as {name!r} from {address}", now=now)
    else:
        _count(subjects.address, most=ADDRESS_ATTEMPTS, whose=f"from {address}", now=now)
        _count(subjects.account, most=ACCOUNT_ATTEMPTS, whose=f"as {name!r} from elsewhere than usual", now=now)


def forgive(request: HttpRequest | None, user: User, **_signal: Any) -> None:
    """Receiver of Django's user_logged_in: what succeeded doesn't count, and its address is known for the account's."""
    address = request.META.get("REMOTE_ADDR") if request is not None else None
    if not address:
        return
    now, subjects = clock(), _Subjects(user.get_username(), address)
    if _counts.get(subjects.known, now=now):
        _counts.forget(_in_window(subjects.both, now=now))
    else:
        _counts.forget(_in_window(subjects.account, now=now))
        _counts.add(_in_window(subjects.address, now=now), -1, seconds=WINDOW, now=now)
    _counts.add(subjects.known, 1, seconds=KNOWN_SECONDS, now=now)


def clock() -> float:
    """Seconds since 1970, the same for all web processes."""
    return time.time()


def reset() -> None:
    _counts.reset()


def _count(subject: str, *, most: int, whose: str, now: float) -> None:
    number = _counts.add(_in_window(subject, now=now), 1, seconds=WINDOW, now=now)
    if number == most + 1:
        logger.warning("More than %d attempts to sign in %s: refused for now", most, whose)
    if number > most:
        raise TooManyAttemptsError(seconds=math.ceil(WINDOW - now % WINDOW))


def _in_window(subject: str, *, now: float) -> str:
    return f"{subject}:{int(now // WINDOW)}"
