"""Audience rules as data: their names and words, their defaults by category. Evaluated one floor up."""

from collections.abc import Sequence
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from events.errors import shown
from events.rules import channel_names, code_audiences
from events.rules.ladders import NEVER, STEPS, Step, is_step

RULES = ("actor", "owner", "owner_or_actor", "members", "watchers", "project", "mentioned", "admins", "everyone")
# What the name of a Django group comes after.
GROUP = "group:"

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


# What each means, for whoever reads who is told.
WORDS = {
    "actor": _("whoever did it"),
    "owner": _("the owners of what it is about"),
    "owner_or_actor": _("the owners of what it is about, or whoever did it where there is none"),
    "members": _("the members of what it is about"),
    "watchers": _("the watchers of what it is about"),
    "project": _("the members of its project"),
    "mentioned": _("the people it mentions"),
    "admins": _("admins: superusers, and staff who may receive system events"),
    "everyone": _("everyone"),
}

STEP_WORDS: dict[Step, Any] = {
    0: _("At once"),
    5: _("If still unread after 5 minutes"),
    15: _("If still unread after 15 minutes"),
    60: _("If still unread after 1 hour"),
    NEVER: _("Never"),
}


def known() -> list[str]:
    """Rules that there are without naming a group."""
    return [*RULES, *code_audiences.registered]


def is_named(rule: str) -> bool:
    """True for a group and for code: rules that are the reason of those whom they find."""
    return rule.startswith(GROUP) or rule in code_audiences.registered


def words_of(rule: str) -> str:
    """Say whom a rule finds, as part of a sentence; empty for one that there isn't."""
    if rule.startswith(GROUP):
        return gettext("the group {name}").format(name=rule.removeprefix(GROUP))
    by_code = code_audiences.registered.get(rule)
    return str(by_code.label if by_code else WORDS.get(rule, ""))


def in_words(rules: Sequence[str]) -> str:
    """Say who is told; empty for nobody."""
    return capfirst(", ".join(filter(None, map(words_of, rules))))


def default_for(category: str, name: str) -> list[str]:
    """The seed's rules (its task 3.2): jobs to their submitter, reviews to the owner, system to admins, mentions."""
    return list(_BY_NAME.get(name) or _BY_CATEGORY.get(category) or [])


def check(audience: Any, *, what: str = "audience") -> None:
    """ValueError unless it is a list of known rules. Groups may come and go."""
    known_rules = [*known(), f"{GROUP}<name>"]
    groups = [rule for rule in audience if is_group(rule)] if isinstance(audience, list) else []
    _check_names(audience, known=[*known_rules, *groups], what=what, shown_as=known_rules)


def is_group(rule: Any) -> bool:
    return isinstance(rule, str) and rule.startswith(GROUP) and rule.isprintable() and 0 < len(rule) - len(GROUP) <= 150


def check_channels(channels: Any) -> None:
    """ValueError unless it is a list of channel names."""
    _check_names(channels, known=channel_names.known(), what="channels")


def check_ladder(ladder: Any) -> None:
    """ValueError unless it is an object of channels and how long they wait."""
    if not isinstance(ladder, dict):
        raise ValueError("ladder must be an object of channels and minutes, as in {'email': 15}")
    names = [name for name in channel_names.known() if name != "in_app"]
    _check_names(list(ladder), known=names, what="ladder")
    minutes = ", ".join(str(step) for step in STEPS if step != NEVER)
    for name, step in ladder.items():
        if not is_step(step):
            raise ValueError(f"ladder has {shown(step)} for {name}; accepted are the minutes {minutes}, and “{NEVER}”")


def _check_names(value: Any, *, known: Sequence[str], what: str, shown_as: Sequence[str] = ()) -> None:
    accepted = ", ".join(shown_as or known)
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{what} must be a list of names out of {accepted}")
    for name in value:
        if name not in known:
            raise ValueError(f"{what} has the unknown name {shown(name)}; known are {accepted}")
