"""Audiences by code: rules with a name, whose people a function of an app's `event_audiences.py` finds."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import ImproperlyConfigured

# It takes an Event and returns a QuerySet[User].
Find = TypeVar("Find", bound=Callable[[Any], Any])
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")
# Rules and reasons that are there without code.
RESERVED = {"actor", "owner", "owner_or_actor", "members", "watchers", "mentioned", "admins", "everyone", "project"}
RESERVED |= {"member", "watcher", "admin", "addressed", "escalated", "imported"}


class CodeAudience(NamedTuple):
    """`label`: words for its people, as in "project members"."""

    label: Any
    find: Callable[[Any], Any]


registered: dict[str, CodeAudience] = {}


def audience(name: str, *, label: Any) -> Callable[[Find], Find]:
    """Make a rule of a function, for types to have among theirs: it takes an event and returns a queryset of users.

    The function is asked for each event when it is routed, and again for each part of more than 10,000 people; it and
    its queryset have two seconds. ImproperlyConfigured for a name that can't be one, or is taken.
    """

    def register(find: Find) -> Find:
        if not _NAME.fullmatch(name) or name in RESERVED:
            detail = "a name is lower-case letters, digits and _, and no rule that is there already"
            raise ImproperlyConfigured(f"An audience can't be called {name!r}: {detail}.")
        if name in registered and registered[name].find is not find:
            raise ImproperlyConfigured(f"Audience {name!r} is there twice; give one of them another name.")
        registered[name] = CodeAudience(label, find)
        return find

    return register
