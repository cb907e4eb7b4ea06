"""Process that publishes from a thread and listens on its event loop."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable

import websockets
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from bench.latency.celery_peer import send_frame
from events import api_keys
from events.bus import Entity, publish

ROUNDS, WARM_UP = 4, 20
# Seconds from one call to the next, and seconds for the web process to start.
INTERVAL, START_TIMEOUT = 0.02, 60.0


def main(port: int, count: int) -> dict[str, list[float]]:
    alice = User.objects.create_user("alice")
    _, key = api_keys.issue(alice, label="bench")
    return asyncio.run(latencies(port, key, alice=alice, count=count))


async def latencies(port: int, key: str, *, alice: User, count: int) -> dict[str, list[float]]:
    """Seconds for each event and each task, interleaved."""
    arrivals: dict[str, dict[int, float]] = {"ours": {}, "task": {}}
    listeners = [
        asyncio.create_task(listen_on_socket(port, key, arrivals=arrivals["ours"])),
        asyncio.create_task(listen_on_layer(arrivals=arrivals["task"])),
    ]
    await asyncio.sleep(2)

    def publish_one(number: int) -> None:
        publish("job.completed", source=Entity("job", number), actor=alice, payload={"number": number})

    times: dict[str, list[float]] = {"ours": [], "task": []}
    for index in range(ROUNDS):
        numbers = range(index * (WARM_UP + count), (index + 1) * (WARM_UP + count))
        committed = await asyncio.to_thread(paced, publish_one, numbers)
        await wait_for_all(arrivals["ours"], numbers)
        times["ours"] += [arrivals["ours"][number] - committed[number][1] for number in numbers[WARM_UP:]]
        sent = await asyncio.to_thread(paced, send_frame.delay, numbers)
        await wait_for_all(arrivals["task"], numbers)
        times["task"] += [arrivals["task"][number] - sent[number][0] for number in numbers[WARM_UP:]]
    for listener in listeners:
        listener.cancel()
    return times


def paced(call: Callable[[int], object], numbers: range) -> dict[int, tuple[float, float]]:
    """Call with each number at a steady pace; the moments when each call began and ended."""
    moments = {}
    for number in numbers:
        began = time.monotonic()
        call(number)
        moments[number] = (began, time.monotonic())
        time.sleep(max(0.0, began + INTERVAL - time.monotonic()))
    return moments


async def wait_for_all(arrivals: dict[int, float], numbers: range) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not arrivals.keys() >= set(numbers):
        assert time.monotonic() < deadline, f"{len(arrivals)} arrived"
        await asyncio.sleep(0.01)


async def listen_on_socket(port: int, key: str, *, arrivals: dict[int, float]) -> None:
    url, headers = f"ws://127.0.0.1:{port}/ws/notifications/", {"Authorization": f"Bearer {key}"}
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            client = await websockets.connect(url, additional_headers=headers)
            break
        except OSError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
    async for text in client:
        now, frame = time.monotonic(), json.loads(text)
        if frame["type"] == "notification":
            arrivals[frame["payload"]["number"]] = now


async def listen_on_layer(*, arrivals: dict[int, float]) -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("bench.frames", channel)
    while True:
        message = await layer.receive(channel)
        arrivals[message["number"]] = time.monotonic()
