"""Audience rules as data: their names, their defaults by category. Evaluated one floor up."""

from collections.abc import Sequence
from typing import Any

from events.errors import shown
from events.rules import channel_names

RULES = ("actor", "owner", "owner_or_actor", "members", "watchers", "mentioned", "admins", "everyone")

_BY_CATEGORY = {
    "job": ["owner_or_actor"],
    "review": ["owner"],
    "system": ["admins"],
}
_BY_NAME = {
    "review.comment": ["owner", "watchers"],
    "collab.mention": ["mentioned"],
    "collab.lock": ["owner", "watchers"],
}


def default_for(category: str, name: str) -> list[str]:
    """The seed's rules (its task 3.2): jobs to their submitter, reviews to the owner, system to admins, mentions."""
    return list(_BY_NAME.get(name) or _BY_CATEGORY.get(category) or [])


def check(audience: Any) -> None:
    """ValueError unless it is a list of known rules."""
    _check_names(audience, known=RULES, what="audience")


def check_channels(channels: Any) -> None:
    """ValueError unless it is a list of channel names."""
    _check_names(channels, known=channel_names.known(), what="channels")


def _check_names(value: Any, *, known: Sequence[str], what: str) -> None:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{what} must be a list of names out of {', '.join(known)}")
    for name in value:
        if name not in known:
            raise ValueError(f"{what} has the unknown name {shown(name)}; known are {', '.join(known)}")
