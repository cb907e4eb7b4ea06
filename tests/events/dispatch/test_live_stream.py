"""The live stream: events as they are numbered, bounded, in order, with nothing lost but what it says was skipped."""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import get_channel_layer
from django.db import OperationalError, connection

from events.bus import Entity, Lagged, NewEvent, Published, publish_many, subscribe
from events.dispatch import live_stream
from events.log import reader
from events.models import Event
from events.sweep import sweep
from events.transport import channel_layer
from tests.events.numbering import number_all
from tests.own_settings import own

pytestmark = pytest.mark.usefixtures("committed")

Stream = AsyncIterator[Published | Lagged]


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Runs the coroutine to its end; fixtures are made outside of it, where the database may be asked."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def publish_numbered(*types: str, **facts: Any) -> list[int]:
    """Publish and number; the positions."""
    publish_many(NewEvent(name, **facts) for name in types)
    number_all()
    newest = Event.objects.order_by("-position")[: len(types)]
    return sorted(event.position or 0 for event in newest)


async def happen(*types: str, **facts: Any) -> list[int]:
    made: list[int] = await database_sync_to_async(publish_numbered)(*types, **facts)
    return made


async def take(stream: Stream, count: int = 1) -> list[Any]:
    """Positions, and what is no event as it is."""
    items = [await asyncio.wait_for(anext(stream), 10) for _ in range(count)]
    return [item.position if isinstance(item, Published) else item for item in items]


async def listening(*patterns: str, **more: Any) -> Stream:
    """A stream that has begun: one first event has come through."""
    stream = subscribe(*patterns, **more)
    first = asyncio.create_task(take(stream))
    while not first.done():
        await happen((patterns or ("job.started",))[0].replace("*", "started"))
        await asyncio.wait([first], timeout=0.5)
    # What was published while it began may still be on its way.
    last = (await happen((patterns or ("job.started",))[0].replace("*", "started")))[0]
    at = first.result()[0]
    while at != last:
        [at] = await take(stream)
    return stream


async def held_back(stream: Any, count: int) -> None:
    """Let the stream fill while nobody reads."""
    last = (await happen(*["job.progress"] * count))[-1]
    channel_layer.flush()
    for _ in range(1500):
        waiting = stream.ag_frame.f_locals["buffer"].events
        if waiting and waiting[-1].position == last:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the events did not come")


@in_a_loop
async def test_a_source_comes_with_text_for_an_id(owner):
    stream = await listening()
    await happen("job.progress", source=Entity("prompt", "3f2c-91"))
    one = await asyncio.wait_for(anext(stream), 10)
    assert isinstance(one, Published)
    assert one.source == Entity("prompt", "3f2c-91")


@in_a_loop
async def test_events_come_in_log_order_with_what_the_api_says_of_them(owner):
    stream = await listening()
    positions = await happen("job.progress", "job.failed", source=Entity("job", 7), actor=owner, project_id=3)
    one = await asyncio.wait_for(anext(stream), 10)
    assert isinstance(one, Published)
    assert (one.event_type, one.category, one.is_critical) == ("job.progress", "job", False)
    assert (one.source, one.actor_user_id, one.project_id, one.payload) == (Entity("job", 7), owner.pk, 3, {})
    assert [one.position, *await take(stream)] == positions


@in_a_loop
async def test_a_stream_carries_the_types_that_match():
    stream = await listening("job.started", "system.*")
    positions = await happen("job.started", "job.failed", "system.restart", "review.comment", "job.started")
    assert await take(stream, 3) == [positions[0], positions[2], positions[4]]


@in_a_loop
async def test_after_begins_with_the_log_and_goes_on_live():
    await happen(*["job.started"] * 5)
    stream = subscribe(after=2)
    assert await take(stream, 3) == [3, 4, 5]
    reading = asyncio.create_task(take(stream, 3))
    await happen(*["job.started"] * 3)
    assert await reading == [6, 7, 8]


@in_a_loop
async def test_a_long_log_is_read_in_pages(monkeypatch):
    monkeypatch.setattr(live_stream, "PAGE", 3)
    await happen(*["job.started", "job.failed"] * 10)
    assert await take(subscribe("job.failed", after=0, capacity=1), 10) == list(range(2, 21, 2))


@in_a_loop
async def test_what_is_published_while_the_log_is_read_comes_once(caplog):
    await happen(*["job.started"] * 3)
    stream = subscribe(after=0, capacity=2)
    first = await take(stream)
    await happen(*["job.started"] * 20)
    assert first + await take(stream, 22) == list(range(1, 24))
    assert "behind and skips" not in caplog.text


@in_a_loop
async def test_a_slow_reader_is_told_how_many_it_missed_and_goes_on(caplog):
    stream = await listening(capacity=5)
    await held_back(stream, 20)
    lagged, *rest = await take(stream, 6)
    assert (lagged, len(rest)) == (Lagged(15), 5)
    assert caplog.text.count("more than 5 events behind and skips") == 1
    assert await happen("job.failed") == await take(stream)


@in_a_loop
async def test_a_reader_within_its_capacity_misses_nothing():
    stream = await listening(capacity=20)
    await held_back(stream, 20)
    assert Lagged not in [type(item) for item in await take(stream, 20)]


@in_a_loop
async def test_who_lagged_gets_the_rest_from_the_log_by_position():
    stream = await listening(capacity=5)
    await held_back(stream, 20)
    [lagged, first] = await take(stream, 2)
    missed = await take(subscribe(after=first - lagged.count - 1), lagged.count)
    assert missed == list(range(first - lagged.count, first))


@in_a_loop
async def test_the_capacity_is_a_setting(settings):
    own(settings, EVENT_BUS_CAPACITY=3)
    stream = await listening()
    await held_back(stream, 10)
    assert await take(stream) == [Lagged(7)]


@in_a_loop
async def test_batches_in_the_wrong_order_come_in_log_order(monkeypatch):
    stream = await listening()
    batches: list[list[Event]] = []
    real = live_stream.broadcast
    monkeypatch.setattr(live_stream, "broadcast", batches.append)
    positions = await happen("job.started", "job.failed") + await happen("job.completed")
    for batch in reversed(batches):
        real(batch)
    assert await take(stream, 3) == positions


@in_a_loop
async def test_what_the_layer_lost_is_made_up_for_from_the_log(monkeypatch):
    stream = await listening()
    with monkeypatch.context() as lossy:
        lossy.setattr(live_stream, "broadcast", lambda events: None)
        lost = await happen(*["job.started"] * 3)
    assert [*lost, *await happen("job.failed")] == await take(stream, 4)


@in_a_loop
async def test_what_no_message_brought_comes_after_two_sweeps_though_nothing_else_is_published(monkeypatch):
    stream = await listening()
    with monkeypatch.context() as failing:
        failing.setattr(reader, "in_log_order", away)
        lost = await happen("job.failed", "job.completed")
    for _ in range(2):
        await database_sync_to_async(sweep)()
    assert await take(stream, 2) == lost


@in_a_loop
async def test_what_messages_brought_comes_once_however_often_one_sweeps():
    stream = await listening()
    positions = await happen("job.failed", "job.completed")
    for _ in range(4):
        await database_sync_to_async(sweep)()
    assert [*positions, *await happen("job.started")] == await take(stream, 3)


def away(_ids: object) -> list[Event]:
    raise OperationalError("server closed the connection unexpectedly")


def test_a_worker_of_the_version_before_reads_a_message_of_the_sweep():
    assert json.loads(live_stream._message([], head=7)["events"]) == []


@in_a_loop
async def test_an_event_with_a_source_that_is_no_entity_stops_nobody():
    def insert() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO events (event_type_id, source_entity_type, source_entity_id) "
                "SELECT id, 'Scene Version', 7 FROM event_types WHERE name = 'job.started'"
            )

    stream = await listening()
    await database_sync_to_async(insert)()
    [position] = await happen("job.failed")
    odd = await asyncio.wait_for(anext(stream), 10)
    assert isinstance(odd, Published)
    assert (odd.source, await take(stream)) == (None, [position])


@in_a_loop
async def test_a_stream_whose_listening_broke_says_so_instead_of_waiting_for_ever(monkeypatch):
    stream = await listening()

    def unreadable(message: dict[str, Any]) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(live_stream, "_events", unreadable)
    await happen("job.started")
    await take(stream)
    await happen("job.started")
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(anext(stream), 10)


@pytest.mark.embedded
@in_a_loop
async def test_a_closed_stream_leaves_nothing_behind():
    stream = subscribe(after=0)
    reading = asyncio.create_task(take(stream))
    await happen("job.started")
    await reading
    await stream.aclose()
    assert live_stream.GROUP not in get_channel_layer()._groups
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize("capacity", [0, -1])
@in_a_loop
async def test_a_capacity_that_holds_nothing_is_refused(capacity):
    with pytest.raises(ValueError, match="at least 1"):
        await anext(subscribe(capacity=capacity))


@in_a_loop
async def test_great_batches_travel_in_messages_that_the_layer_can_carry(monkeypatch):
    monkeypatch.setattr(live_stream, "MESSAGE_BYTES", 1000)
    stream = await listening()
    positions = await happen(*["job.progress"] * 30, payload={"message": "x" * 400})
    assert await take(stream, 30) == positions
