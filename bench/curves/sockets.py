"""Process that holds ever more sockets of ever more web processes, and reads what each socket costs those."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Sequence

import aiohttp
from django.contrib.auth.models import User

from bench import cpu
from bench.attack.memory import resident
from bench.sockets.process import SocketPool, api_key, connect_all, push_all
from events.models import ApiKey

# Two of the hub's looks at the sessions of its sockets.
IDLE_SECONDS = 20.0
# Frames at each size, at least two for each socket.
LEAST_FRAMES = 4_000

Web = tuple[int, int]


def main(webs: Sequence[Web], sizes: Sequence[int], most_each: int) -> dict[str, list[float]]:
    """Costs of each socket at each size. `webs`: port and process id of each; one is filled before the next."""
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(max(sizes))])
    ApiKey.objects.bulk_create(
        [ApiKey(user=user, digest=hashlib.sha256(api_key(user.pk).encode()).hexdigest()) for user in people]
    )
    return asyncio.run(_measure(webs, [user.pk for user in people], sizes=sizes, most_each=most_each))


async def _measure(
    webs: Sequence[Web], users: Sequence[int], *, sizes: Sequence[int], most_each: int
) -> dict[str, list[float]]:
    costs: dict[str, list[float]] = {
        "memory, KB": [], "opening, CPU ms": [], "idle, CPU ms a minute": [], "a frame, CPU µs": []
    }  # fmt: skip
    pids = [pid for _, pid in webs]
    pool, opened, empty = SocketPool(), 0, _memory(pids)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        def opening(number: int) -> Awaitable[None]:
            port, _ = webs[number // most_each]
            headers = {"Authorization": f"Bearer {api_key(users[number])}"}
            return pool.open(session, f"ws://127.0.0.1:{port}/ws/notifications/", headers, greeted=True)

        for size in sizes:
            before = _cpu(pids)
            await connect_all([opening(number) for number in range(opened, size)])
            costs["opening, CPU ms"].append(1000 * (_cpu(pids) - before) / (size - opened))
            opened = size
            costs["memory, KB"].append(1024 * (_memory(pids) - empty) / size)
            before, began = _cpu(pids), time.monotonic()
            await asyncio.sleep(IDLE_SECONDS)
            minutes = (time.monotonic() - began) / 60
            costs["idle, CPU ms a minute"].append(1000 * (_cpu(pids) - before) / minutes / size)
            times = max(2, LEAST_FRAMES // size)
            before = _cpu(pids)
            # Numbers of their own: a frame that is not newer is not sent.
            seqs = range(1_000 * len(costs["memory, KB"]), 1_000 * len(costs["memory, KB"]) + times)
            await pool.rate(size * times, asyncio.to_thread(push_all, users[:size], seqs))
            costs["a frame, CPU µs"].append(1e6 * (_cpu(pids) - before) / (size * times))
    return costs


def _memory(pids: Sequence[int]) -> float:
    return sum(resident(pid) for pid in pids)


def _cpu(pids: Sequence[int]) -> float:
    return sum(cpu.of_process(pid) for pid in pids)
