"""Hint that people's credentials have changed: a password, a key, the account. Who holds connections open looks again.

The database says who may stay. A lost hint costs the seconds until the next look without one.
"""

from collections.abc import Iterable

from django.db import transaction

from events.transport import channel_layer

GROUP = "carillon.credentials"
CHANGED = "credentials.changed"


def changed_on_commit(users: Iterable[int]) -> None:
    """Tell every web process, after the commit, to look again at the connections of these people (by user id)."""
    told = sorted(set(users))
    if told:
        transaction.on_commit(lambda: channel_layer.send(GROUP, {"type": CHANGED, "users": told}), robust=True)
