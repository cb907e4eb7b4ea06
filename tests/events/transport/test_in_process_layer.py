"""The layer of one process: whichever thread sends, receivers wake at once."""

from __future__ import annotations

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
from channels.layers import get_channel_layer

from events.transport import channel_layer
from events.transport.channel_layer import send
from events.transport.in_process_layer import InProcessLayer
from tests.events.concurrency import holds_in_a_fork

UNREACHABLE = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": ["redis://127.0.0.1:1/0"]},
    }
}


async def join(channels: InProcessLayer, group: str = "group") -> str:
    channel: str = await channels.new_channel()
    await channels.group_add(group, channel)
    return channel


def from_another_thread(send: Callable[[], Coroutine[Any, Any, None]]) -> None:
    threading.Thread(target=lambda: asyncio.run(send())).start()


def texts(count: int) -> list[dict[str, Any]]:
    return [{"type": "text", "n": number} for number in range(count)]


async def receive(channels: InProcessLayer, channel: str, count: int = 1) -> list[dict[str, Any]]:
    return [await asyncio.wait_for(channels.receive(channel), 10) for _ in range(count)]


def test_a_message_from_another_thread_wakes_a_receiver_whose_loop_sleeps():
    asleep = threading.Event()
    overslept: list[float] = []

    class Sleep(selectors.DefaultSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is None or timeout > 1:
                asleep.set()
            ready = super().select(timeout)
            if timeout and not ready:
                overslept.append(timeout)
            return ready

    async def run() -> list[dict[str, Any]]:
        channels = InProcessLayer()
        channel = await join(channels)

        async def send() -> None:
            assert asleep.wait(10)
            await channels.group_send("group", {"type": "text"})

        from_another_thread(send)
        return await receive(channels, channel)

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(Sleep())) as runner:
        assert runner.run(run()) == [{"type": "text"}]
    assert overslept == []


def test_a_thousand_messages_from_four_threads_all_arrive_each_threads_in_order():
    async def run() -> list[dict[str, Any]]:
        channels = InProcessLayer(capacity=2000)
        channel = await join(channels)

        def sender(name: int) -> Callable[[], Coroutine[Any, Any, None]]:
            async def send() -> None:
                for message in texts(250):
                    await channels.group_send("group", message | {"from": name})

            return send

        for name in range(4):
            from_another_thread(sender(name))
        return await receive(channels, channel, 1000)

    got = asyncio.run(run())
    for name in range(4):
        assert [message["n"] for message in got if message["from"] == name] == list(range(250))


def test_receivers_in_two_loops_both_get_it():
    channels, got, ready = InProcessLayer(), [], threading.Barrier(3)

    async def listen() -> None:
        channel = await join(channels)
        await asyncio.to_thread(ready.wait)
        got.extend(await receive(channels, channel))

    listening = [threading.Thread(target=lambda: asyncio.run(listen())) for _ in range(2)]
    for thread in listening:
        thread.start()
    ready.wait()
    asyncio.run(channels.group_send("group", {"type": "text"}))
    for thread in listening:
        thread.join(10)
    assert got == [{"type": "text"}] * 2


@pytest.mark.asyncio
async def test_groups_are_apart_and_can_be_left():
    channels = InProcessLayer()
    here, there = await join(channels), await join(channels, "other")
    await channels.group_send("other", {"type": "text"})
    await channels.group_discard("other", there)
    await channels.group_send("other", {"type": "late"})
    await channels.group_send("group", {"type": "here"})
    assert await receive(channels, here) == [{"type": "here"}]


@pytest.mark.asyncio
async def test_a_channel_that_left_its_last_group_is_forgotten():
    channels = InProcessLayer()
    await channels.group_discard("group", await join(channels))
    assert (channels._channels, channels._groups) == ({}, {})


@pytest.mark.asyncio
async def test_each_receiver_has_a_message_of_its_own():
    channels = InProcessLayer()
    one, two = await join(channels), await join(channels)
    await channels.group_send("group", {"type": "text"})
    (await receive(channels, one))[0]["type"] = "changed"
    assert await receive(channels, two) == [{"type": "text"}]


@pytest.mark.asyncio
async def test_a_full_channel_drops_what_is_new_and_says_so(caplog):
    channels = InProcessLayer(capacity=2)
    channel = await join(channels)
    for message in texts(3):
        await channels.group_send("group", message)
    assert await receive(channels, channel, 2) == texts(2)
    assert "is full, a message is dropped" in caplog.text


def test_a_receiver_whose_loop_has_ended_costs_the_others_nothing():
    channels = InProcessLayer()
    asyncio.run(join(channels))

    async def run() -> list[dict[str, Any]]:
        channel = await join(channels)
        await channels.group_send("group", {"type": "text"})
        return await receive(channels, channel)

    assert asyncio.run(run()) == [{"type": "text"}]
    assert len(channels._groups["group"]) == 1


# Handing over from anywhere


@pytest.fixture
def sender(settings) -> Iterator[Any]:
    """A sender of the test's own, on the layer that it names."""

    def use(layers: dict[str, Any]) -> None:
        settings.CHANNEL_LAYERS = layers
        channel_layer.reset()

    use({"default": {"BACKEND": "events.transport.in_process_layer.InProcessLayer"}})
    yield use
    channel_layer.reset()


def test_what_any_thread_hands_over_arrives_in_order(sender):
    async def run() -> list[dict[str, Any]]:
        channels = get_channel_layer()
        channel = await join(channels)
        for message in texts(50):
            send("group", message)
        return await receive(channels, channel, 50)

    assert asyncio.run(run()) == texts(50)


def test_flushing_waits_until_all_has_left(sender):
    for message in texts(2000):
        send("nobody", message)
    assert channel_layer.flush(timeout=10)
    assert not channel_layer._sender.get().waiting


def test_handing_over_to_a_broken_layer_neither_blocks_nor_raises(sender, caplog):
    sender(UNREACHABLE)
    for message in texts(100):
        send("group", message)
    assert channel_layer.flush(timeout=10)
    [failure] = [record for record in caplog.records if "the channel layer pauses" in record.message]
    assert failure.thread != threading.get_ident()


def test_a_forked_child_sends_by_a_thread_of_its_own(sender):
    send("group", {"type": "text"})
    channel_layer.flush()

    def child() -> bool:
        send("group", {"type": "text"})
        return channel_layer.flush()

    assert holds_in_a_fork(child)
