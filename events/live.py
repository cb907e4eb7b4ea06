"""The live stream: every event as soon as it is numbered, to any coroutine that asks. Bounded; it never blocks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.conf import settings

from events import layer
from events.entities import Entity
from events.models import Event
from events.patterns import matches

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
    """This many events were skipped because the reader was slower than the stream; the log still has them."""

    count: int


def broadcast(events: Iterable[Event]) -> None:
    """Hand numbered events to every stream in every process. Messages stay small enough for the layer."""
    batch: list[str] = []
    size = 0
    for text in (json.dumps(_to_json(event)) for event in events):
        if batch and size + len(text) > MESSAGE_BYTES:
            layer.hand(GROUP, _message(batch))
            batch, size = [], 0
        batch.append(text)
        size += len(text)
    if batch:
        layer.hand(GROUP, _message(batch))


async def subscribe(
    *patterns: str, after: int | None = None, capacity: int | None = None
) -> AsyncIterator[Published | Lagged]:
    """Events of types that match (none: all), in log order, for as long as the iterator is read.

    `after`: begin with what the log has above this position. `capacity`: how many events may wait for the reader
    (default EVENT_BUS_CAPACITY); beyond, the oldest are skipped, a warning is logged and Lagged(n) is yielded in
    their place. Close it (`aclose`) or leave the loop when done.
    """
    wanted = patterns or ("*",)
    buffer = _Buffer(capacity or settings.EVENT_BUS_CAPACITY)
    channels = get_channel_layer()
    channel = await channels.new_channel()
    await channels.group_add(GROUP, channel)
    listening = asyncio.create_task(_listen(channels, channel, buffer=buffer, patterns=wanted))
    try:
        position = 0
        if after is not None:
            async for event in _from_log(wanted, after=after):
                position = event.position
                yield event
        while True:
            async for item in buffer.take():
                if isinstance(item, Lagged) or item.position > position:
                    yield item
    finally:
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening
        await channels.group_discard(GROUP, channel)


class _Buffer:
    """What waits for one reader; only touched from that reader's loop."""

    def __init__(self, capacity: int) -> None:
        self.events: deque[Published] = deque()
        self.capacity, self.skipped = capacity, 0
        self.filled = asyncio.Event()

    def put(self, event: Published) -> None:
        if len(self.events) == self.capacity:
            if not self.skipped:
                logger.warning("a live subscriber is more than %d events behind and skips", self.capacity)
            self.events.popleft()
            self.skipped += 1
        self.events.append(event)
        self.filled.set()

    async def take(self) -> AsyncIterator[Published | Lagged]:
        await self.filled.wait()
        self.filled.clear()
        while self.events or self.skipped:
            if self.skipped:
                skipped, self.skipped = self.skipped, 0
                yield Lagged(skipped)
            else:
                yield self.events.popleft()


async def _listen(channels: Any, channel: str, *, buffer: _Buffer, patterns: tuple[str, ...]) -> None:
    while True:
        message = await channels.receive(channel)
        for event in _events(message):
            if matches(event.event_type, patterns):
                buffer.put(event)


async def _from_log(patterns: tuple[str, ...], *, after: int) -> AsyncIterator[Published]:
    position = after
    while page := await database_sync_to_async(_page)(position):
        for event in page:
            position = event.position
            if matches(event.event_type, patterns):
                yield event


def _page(after: int) -> list[Published]:
    found = Event.objects.filter(position__gt=after).select_related("event_type").order_by("position")[:PAGE]
    return [_published(_to_json(event)) for event in found]


def _message(batch: list[str]) -> dict[str, Any]:
    return {"type": "live.events", "events": f"[{','.join(batch)}]"}


def _events(message: dict[str, Any]) -> Iterator[Published]:
    for body in json.loads(message["events"]):
        yield _published(body)


def _to_json(event: Event) -> dict[str, Any]:
    source = event.source
    return {
        "id": event.pk,
        "position": event.position,
        "event_type": event.event_type.name,
        "category": event.event_type.category,
        "is_critical": event.event_type.is_critical,
        "source": asdict(source) if source else None,
        "actor_user_id": event.actor_user_id,
        "project_id": event.project_id,
        "payload": event.payload,
        "created_at": event.created_at.isoformat(),
    }


def _published(body: dict[str, Any]) -> Published:
    source = Entity(**body.pop("source")) if body["source"] else body.pop("source")
    return Published(**{**body, "source": source, "created_at": datetime.fromisoformat(body["created_at"])})
