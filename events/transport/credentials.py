"""Hint that people's credentials have changed: a password, a key, the account. Who holds connections open looks again.

The database says who may stay. A lost hint costs the seconds until the next look without one.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from events.transport import channel_layer

GROUP = "carillon.credentials"
CHANGED = "credentials.changed"
# Bearer keys that were found valid, with when, by their digests. `forget` puts a new one in its place: who was reading
# a key meanwhile fills one that nobody asks any more.
known_keys: dict[str, tuple[float, Any]] = {}


def changed_on_commit(users: Iterable[int]) -> None:
    """Forget the known keys after the commit, and tell every web process to, and to look again at the connections of
    these people (by user id)."""
    told = sorted(set(users))
    if told:
        transaction.on_commit(lambda: _tell(told), robust=True)


def forget() -> None:
    """Forget the known keys: the next request with each asks the database."""
    global known_keys  # noqa: PLW0603  one memory in each process
    known_keys = {}


def _tell(users: list[int]) -> None:
    forget()
    channel_layer.send(GROUP, {"type": CHANGED, "users": users})
