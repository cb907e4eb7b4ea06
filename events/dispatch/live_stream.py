"""The live stream: every event as soon as it is numbered, to any coroutine that asks. Bounded; it never blocks."""

import asyncio
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer

from events.conf import conf
from events.entities import BIGINT_MAX, Entity
from events.models import Event, LogHead
from events.rules.patterns import matches
from events.transport import channel_layer

logger = logging.getLogger(__name__)

GROUP = "carillon.live"
MESSAGE_BYTES = 256 * 1024
PAGE = 200


@dataclass(frozen=True, slots=True)
class Published:
    """An event as the stream carries it; the fields of the API's event."""

    id: int
    position: int
    event_type: str
    category: str
    is_critical: bool
    source: Entity | None
    actor_user_id: int | None
    project_id: int | None
    payload: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Lagged:
    """A gap of so many events, skipped because the reader was slower than the stream; the log still has them."""

    count: int


def broadcast(events: Iterable[Event]) -> None:
    """Hand numbered events to every stream in every process. Messages stay small enough for the layer."""
    batch: list[str] = []
    size = 0
    for text in (json.dumps(_to_json(event)) for event in events):
        if batch and size + len(text) > MESSAGE_BYTES:
            channel_layer.send(GROUP, _message(batch))
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        channel_layer.send(GROUP, _message(batch))


class HeadCursor:
    """Cursor of a sweep: how far the log was at its last look, and how far the streams were told that it is."""

    def __init__(self) -> None:
        self._seen = self._told = 0

    def advance(self) -> None:
        """Tell every stream how far the log was at the look before this one; one query.

        Whoever numbered those events has sent them meanwhile. What it couldn't read again, or was killed before, each
        stream then reads from the log.
        """
        if self._seen != self._told:
            channel_layer.send(GROUP, _message([], head=self._seen))
            self._told = self._seen
        self._seen = log_head()


async def subscribe(
    *patterns: str, after: int | None = None, capacity: int | None = None
) -> AsyncGenerator[Published | Lagged, None]:
    """Events of types that match (none: all), in log order and none twice, for as long as the iterator is read.

    Begins with what is numbered once it is first read; with `after`, with what the log has above that position.
    What the layer lost or brought in another order is made up for from the log, when the next event or a sweep comes.
    `capacity`: how many events may wait for the reader (default EVENT_BUS_CAPACITY); beyond, the oldest are skipped,
    a warning is logged and Lagged(n) is yielded in their place. Close it (`aclose`) or leave the loop when done.
    """
    if capacity is not None and capacity < 1:
        raise ValueError(f"capacity is {capacity}; at least 1 event must be able to wait")
    wanted = patterns or ("*",)
    position = after
    if position is not None:
        # Before listening, so that a long log waits in the database and not in memory.
        async for event in _from_log(after=position):
            position = event.position
            if matches(event.event_type, wanted):
                yield event
    buffer = _Buffer(capacity or conf.EVENT_BUS_CAPACITY, patterns=wanted)
    channels = get_channel_layer()
    channel = await channels.new_channel()
    await channels.group_add(GROUP, channel)
    listening = asyncio.create_task(_listen(channels, channel, buffer=buffer, after=position))
    listening.add_done_callback(lambda _: buffer.filled.set())
    try:
        while True:
            await buffer.filled.wait()
            buffer.filled.clear()
            while item := buffer.take():
                yield item
            if listening.done():
                listening.result()
    finally:
        listening.cancel()
        await asyncio.wait([listening])
        await channels.group_discard(GROUP, channel)


class _Buffer:
    """Events that wait for one reader; only touched from that reader's loop."""

    def __init__(self, capacity: int, *, patterns: tuple[str, ...]) -> None:
        self.events: deque[Published] = deque()
        self.capacity, self.patterns, self.skipped = capacity, patterns, 0
        self.filled = asyncio.Event()

    def put(self, event: Published) -> None:
        if not matches(event.event_type, self.patterns):
            return
        if len(self.events) == self.capacity:
            if not self.skipped:
                logger.warning("a live subscriber is more than %d events behind and skips", self.capacity)
            self.events.popleft()
            self.skipped += 1
        self.events.append(event)
        self.filled.set()

    def take(self) -> Published | Lagged | None:
        if self.skipped:
            skipped, self.skipped = self.skipped, 0
            return Lagged(skipped)
        return self.events.popleft() if self.events else None


async def _listen(channels: Any, channel: str, *, buffer: _Buffer, after: int | None) -> None:
    """Positions have no holes but by deletion: a step of more than one is a message that was lost, or is late."""
    position = await database_sync_to_async(log_head)() if after is None else after
    async for event in _from_log(after=position):
        position = event.position
        buffer.put(event)
    while True:
        for event in _events(message := await channels.receive(channel)):
            if event.position > position + 1:
                async for missed in _from_log(after=position, below=event.position):
                    buffer.put(missed)
            if event.position > position:
                position = event.position
                buffer.put(event)
        if (head := message.get("head", 0)) > position:
            async for missed in _from_log(after=position, below=head + 1):
                position = missed.position
                buffer.put(missed)


async def _from_log(*, after: int, below: int = BIGINT_MAX) -> AsyncIterator[Published]:
    while page := await database_sync_to_async(_page)(after, below):
        for event in page:
            after = event.position
            yield event


def _page(after: int, below: int) -> list[Published]:
    events = Event.objects.filter(position__gt=after, position__lt=below).select_related("event_type")
    return [_published(_to_json(event)) for event in events.order_by("position")[:PAGE]]


def log_head() -> int:
    return LogHead.objects.get(pk=1).position


def _message(batch: list[str], *, head: int = 0) -> dict[str, Any]:
    return {"type": "live.events", "events": f"[{','.join(batch)}]", "head": head}


def _events(message: dict[str, Any]) -> Iterator[Published]:
    for body in json.loads(message["events"]):
        yield _published(body)


def _to_json(event: Event) -> dict[str, Any]:
    source, event_type = event.source, event.event_type
    return {
        "id": event.pk,
        "position": event.position,
        "event_type": event_type.name,
        "category": event_type.category,
        "is_critical": event_type.is_critical,
        "source": {"type": source.type, "id": source.id} if source else None,
        "actor_user_id": event.actor_user_id,
        "project_id": event.project_id,
        "payload": event.payload,
        "created_at": event.created_at.isoformat(),
    }


def _published(body: dict[str, Any]) -> Published:
    source = Entity(**body.pop("source")) if body["source"] else body.pop("source")
    return Published(**{**body, "source": source, "created_at": datetime.fromisoformat(body["created_at"])})
