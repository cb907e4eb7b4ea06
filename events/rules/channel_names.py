"""The channels that people and event types may choose: four that every installation knows, and those registered.

A name of the four is always valid; one that isn't installed gets its rows and no delivery.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

BUILT_IN = ("in_app", "email", "webhook", "chat")
_labels: dict[str, Any] = {
    "in_app": _("In app"),
    "email": _("E-mail"),
    "webhook": _("Webhook"),
    "chat": pgettext_lazy("a channel", "Chat"),
}


def add(name: str, *, label: Any) -> None:
    """A channel of the floors above. The four keep their labels."""
    _labels.setdefault(name, label)


def remove(name: str) -> None:
    if name not in BUILT_IN:
        _labels.pop(name, None)


def known() -> tuple[str, ...]:
    """Names in the order in which they are shown: the four, then the others as they were registered."""
    return tuple(_labels)


def labels() -> list[tuple[str, Any]]:
    return list(_labels.items())
