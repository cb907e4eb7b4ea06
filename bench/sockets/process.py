"""The process that `bench.sockets` measures with: holds all the sockets, sends, and counts what arrives."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

import aiohttp
import django

django.setup()

from channels.layers import get_channel_layer  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402

from bench.sockets import resident  # noqa: E402
from events.models import ApiKey  # noqa: E402
from notifications import hub_link  # noqa: E402

ROUNDS, WARM_UP, AT_ONCE = 3, 50, 20
START_SECONDS, PATIENCE = 60.0, 120.0
OWN = {
    "id": 1,
    "seq": 1,
    "feed_seq": 1,
    "reason": "owner",
    "channel": "in_app",
    "is_read": False,
    "read_at": None,
    "is_delivered": True,
    "delivered_at": "2026-03-04T12:00:00Z",
    "created_at": "2026-03-04T12:00:00Z",
}
SHARED: dict[int, dict[str, Any]] = {
    7: {
        "event": {"event_id": 7, "event_type": "job.completed", "title": "Shot 042 completed", "payload": {"n": 1}},
        "timestamp": "2026-03-04T12:00:00Z",
    }
}
TEXT = json.dumps({"type": "notification", "notification": OWN, "payload": {"n": 1}, **SHARED[7]})


class Counted:
    """Sockets of one server, and how many messages they got."""

    def __init__(self) -> None:
        self.count = 0
        self.readers: list[asyncio.Task[None]] = []

    async def open(self, session: aiohttp.ClientSession, url: str, headers: dict[str, str], *, greeted: bool) -> None:
        socket = await _connected(session, url, headers)
        if greeted:
            await socket.receive()
        self.readers.append(asyncio.create_task(self._read(socket)))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for _ in socket:
            self.count += 1

    async def rate(self, expected: int, send: Callable[[], Coroutine[Any, Any, None]]) -> float:
        before, began = self.count, time.perf_counter()
        sending = asyncio.create_task(send())
        while self.count < before + expected:
            assert time.perf_counter() < began + PATIENCE, f"{self.count - before} of {expected} arrived"
            await asyncio.sleep(0.002)
        await sending
        return expected / (time.perf_counter() - began)


async def _connected(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str]
) -> aiohttp.ClientWebSocketResponse:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return await session.ws_connect(url, headers=headers)
        except aiohttp.ClientConnectorError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def main() -> None:
    hub_port, group_port, pid, sockets, messages = map(int, sys.argv[1:])
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(sockets)])
    ApiKey.objects.bulk_create(
        [ApiKey(user=user, digest=hashlib.sha256(key(user.pk).encode()).hexdigest()) for user in people]
    )
    users = [user.pk for user in people]
    print(json.dumps(asyncio.run(measured(hub_port, group_port, pid, users=users, messages=messages))))


def key(user_id: int) -> str:
    return f"crl_bench{user_id}"


async def measured(
    hub_port: int, group_port: int, pid: int, *, users: Sequence[int], messages: int
) -> dict[str, object]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        hub, groups = Counted(), Counted()

        def to_hub(user: int) -> Awaitable[None]:
            url, headers = f"ws://127.0.0.1:{hub_port}/ws/notifications/", {"Authorization": f"Bearer {key(user)}"}
            return hub.open(session, url, headers, greeted=True)

        await all_of([to_hub(user) for user in users[:WARM_UP]])
        before = resident(pid)
        await all_of([to_hub(user) for user in users[WARM_UP:]])
        kilobytes = (resident(pid) - before) / max(1, len(users) - WARM_UP)
        await all_of([groups.open(session, f"ws://127.0.0.1:{group_port}/?{u}", {}, greeted=False) for u in users])
        seq = 0
        rates: dict[str, list[float]] = {"hub": [], "groups": []}
        for _ in range(ROUNDS):
            seqs = range(seq + 1, seq + messages + 1)
            seq += messages

            async def push(seqs: range = seqs) -> None:
                await asyncio.to_thread(push_all, users, seqs)

            rates["hub"].append(await hub.rate(len(users) * messages, push))
            rates["groups"].append(await groups.rate(len(users), lambda: send_each(users)))
        return {**rates, "kilobytes": kilobytes}


async def all_of(connecting: Sequence[Awaitable[None]]) -> None:
    """So many at a time as a server greets without a queue."""
    for start in range(0, len(connecting), AT_ONCE):
        await asyncio.gather(*connecting[start : start + AT_ONCE])


def push_all(users: Sequence[int], seqs: range) -> None:
    """As a worker does after the commit: a frame for everybody, several times over."""
    for seq in seqs:
        frame = {"seq": seq, "unread_count": seq, "toast": True, "own": OWN}
        hub_link.push([hub_link.Push(user, frame, 7) for user in users], shared=SHARED)


async def send_each(users: Sequence[int]) -> None:
    layer = get_channel_layer("groups")
    for user in users:
        await layer.group_send(f"user.{user}", {"type": "frame", "text": TEXT})


if __name__ == "__main__":
    main()
