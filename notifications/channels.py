"""The channel registry: the seam to the floor above. A channel that isn't installed gets its rows and no delivery."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from events.models import Event
from events.rules import channel_names


@dataclass(frozen=True, slots=True)
class Opened:
    """A notification row that goes out over a channel, as it was just written."""

    notification_id: int
    event_id: int
    user_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class OpenedSummary:
    summary_id: int
    user_id: int
    channel: str


class Channel(Protocol):
    """A way out. `wake` runs after the commit, all else in the transaction that made or changed the rows."""

    name: str

    def open(self, rows: Sequence[Opened]) -> None: ...

    def open_summaries(self, summaries: Sequence[OpenedSummary]) -> None: ...

    def reopen(
        self, notifications: Collection[int], summaries: Collection[int], *, since: datetime, now: datetime
    ) -> None:
        """Begin again with deliveries of these that were skipped as read since a moment, and wake if there are any."""

    def wake(self) -> None: ...


_channels: dict[str, Channel] = {}
_event_openers: list[Callable[[Sequence[Event]], None]] = []


def register(channel: Channel, *, label: Any = None) -> None:
    """Install a channel, once for each name, when the app starts; from then on people may choose it by its `label`."""
    if channel.name in _channels:
        raise ValueError(f"a channel named {channel.name!r} is registered already")
    _channels[channel.name] = channel
    channel_names.add(channel.name, label=label or channel.name)


def unregister(name: str) -> None:
    _channels.pop(name, None)
    channel_names.remove(name)


def installed() -> list[str]:
    return list(_channels)


def open_rows(rows: Sequence[Opened]) -> None:
    """Let each installed channel open its deliveries inside the transaction, and wake it after the commit."""
    for name, channel in _channels.items():
        if own := [row for row in rows if row.channel == name]:
            channel.open(own)
            # Robust: a wake is a hint, and one that fails keeps the others from nothing.
            transaction.on_commit(channel.wake, robust=True)


def register_event_opener(opener: Callable[[Sequence[Event]], None]) -> None:
    """Let this open what goes out of events themselves, once when the app starts: for places that are no person's."""
    if opener not in _event_openers:
        _event_openers.append(opener)


def open_events(events: Sequence[Event]) -> None:
    """Open what goes out of these events in the transaction that routes them, also where nobody is told.

    They come with their types; one that is opened already is left alone.
    """
    for opener in _event_openers if events else ():
        opener(events)


def open_summaries(summaries: Sequence[OpenedSummary]) -> None:
    for name, channel in _channels.items():
        if own := [summary for summary in summaries if summary.channel == name]:
            channel.open_summaries(own)
            transaction.on_commit(channel.wake, robust=True)


def reopen(notifications: Collection[int], summaries: Collection[int], *, since: datetime, now: datetime) -> None:
    for channel in _channels.values() if notifications or summaries else ():
        channel.reopen(notifications, summaries, since=since, now=now)
