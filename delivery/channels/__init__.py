"""The public names for whoever writes a channel, and the registry's."""

from delivery.channels.base import Channel, Checked, Frozen, Held, Outcome, Outgoing, Session
from delivery.channels.blame import Whose
from delivery.channels.registry import discover, installed, named, register, unregister

__all__ = [
    "Channel",
    "Checked",
    "Frozen",
    "Held",
    "Outcome",
    "Outgoing",
    "Session",
    "Whose",
    "discover",
    "installed",
    "named",
    "register",
    "unregister",
]
