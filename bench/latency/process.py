"""The process that `bench.latency` measures with: publishes from a thread, listens on its loop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import websockets  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

from bench.celery_peer import frame  # noqa: E402
from events import keys  # noqa: E402
from events.bus import Entity, publish  # noqa: E402

ROUNDS, WARM_UP, PAUSE = 4, 20, 0.02
START_SECONDS = 60.0


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    alice = User.objects.create_user("alice")
    _, key = keys.issue(alice, label="bench")
    print(json.dumps(asyncio.run(measured(port, key, alice=alice, count=count))))


async def measured(port: int, key: str, *, alice: User, count: int) -> dict[str, list[float]]:
    """Seconds for each event and each task; the two take turns."""
    arrived: dict[str, dict[int, float]] = {"ours": {}, "task": {}}
    listening = [
        asyncio.create_task(socket_frames(port, key, arrived=arrived["ours"])),
        asyncio.create_task(layer_frames(arrived=arrived["task"])),
    ]
    await asyncio.sleep(2)

    def one_event(number: int) -> None:
        publish("job.completed", source=Entity("job", number), actor=alice, payload={"number": number})

    times: dict[str, list[float]] = {"ours": [], "task": []}
    for turn in range(ROUNDS):
        numbers = range(turn * (WARM_UP + count), (turn + 1) * (WARM_UP + count))
        committed = await asyncio.to_thread(paced, one_event, numbers)
        await until_all(arrived["ours"], numbers)
        times["ours"] += [arrived["ours"][one] - committed[one][1] for one in numbers[WARM_UP:]]
        sent = await asyncio.to_thread(paced, frame.delay, numbers)
        await until_all(arrived["task"], numbers)
        times["task"] += [arrived["task"][one] - sent[one][0] for one in numbers[WARM_UP:]]
    for task in listening:
        task.cancel()
    return times


def paced(call: Callable[[int], object], numbers: range) -> dict[int, tuple[float, float]]:
    """When each call began and ended."""
    moments = {}
    for number in numbers:
        began = time.monotonic()
        call(number)
        moments[number] = (began, time.monotonic())
        time.sleep(max(0.0, began + PAUSE - time.monotonic()))
    return moments


async def until_all(arrived: dict[int, float], numbers: range) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not arrived.keys() >= set(numbers):
        assert time.monotonic() < deadline, f"{len(arrived)} arrived"
        await asyncio.sleep(0.01)


async def socket_frames(port: int, key: str, *, arrived: dict[int, float]) -> None:
    url, headers = f"ws://127.0.0.1:{port}/ws/notifications/", {"Authorization": f"Bearer {key}"}
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            client = await websockets.connect(url, additional_headers=headers)
            break
        except OSError:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.2)
    async for text in client:
        now, body = time.monotonic(), json.loads(text)
        if body["type"] == "notification":
            arrived[body["payload"]["number"]] = now


async def layer_frames(*, arrived: dict[int, float]) -> None:
    channels = get_channel_layer()
    channel = await channels.new_channel()
    await channels.group_add("bench.frames", channel)
    while True:
        message = await channels.receive(channel)
        arrived[message["number"]] = time.monotonic()


if __name__ == "__main__":
    main()
