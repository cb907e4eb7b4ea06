"""Process that holds all the sockets, sends, and counts what arrives."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Awaitable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import aiohttp
from channels.layers import get_channel_layer
from django.contrib.auth.models import User

from bench.sockets import nchan
from events.models import ApiKey
from notifications.inbox import push

ROUNDS, WARM_UP = 3, 50
# As many at a time as a server greets without a queue.
CONNECTING = 20
START_TIMEOUT, TIMEOUT = 60.0, 120.0
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


class SocketPool:
    """Sockets of one server, and the number of messages they got."""

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

    async def rate(self, expected: int, send: Coroutine[Any, Any, None]) -> float:
        """Messages a second until so many more have arrived."""
        before, began = self.count, time.perf_counter()
        sending = asyncio.create_task(send)
        while self.count < before + expected:
            assert time.perf_counter() < began + TIMEOUT, f"{self.count - before} of {expected} arrived"
            await asyncio.sleep(0.002)
        await sending
        return expected / (time.perf_counter() - began)


async def _connected(
    session: aiohttp.ClientSession, url: str, headers: dict[str, str]
) -> aiohttp.ClientWebSocketResponse:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            return await session.ws_connect(url, headers=headers)
        except aiohttp.ClientConnectorError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)


def main(hub_port: int, group_port: int, nchan_port: int, pid: int, sockets: int, messages: int) -> dict[str, object]:
    """Messages a second of the hub, of the groups and of nchan (none without its port), and kilobytes of each idle
    socket of the hub."""
    people = User.objects.bulk_create([User(username=f"u{number}", password="!") for number in range(sockets)])
    ApiKey.objects.bulk_create(
        [ApiKey(user=user, digest=hashlib.sha256(api_key(user.pk).encode()).hexdigest()) for user in people]
    )
    users = [user.pk for user in people]
    return asyncio.run(figures(hub_port, group_port, nchan_port, pid, users=users, messages=messages))


def api_key(user_id: int) -> str:
    return f"crl_bench{user_id}"


async def figures(
    hub_port: int, group_port: int, nchan_port: int, pid: int, *, users: Sequence[int], messages: int
) -> dict[str, object]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        hub, groups, peer = SocketPool(), SocketPool(), SocketPool()

        def to_hub(user: int) -> Awaitable[None]:
            headers = {"Authorization": f"Bearer {api_key(user)}"}
            return hub.open(session, f"ws://127.0.0.1:{hub_port}/ws/notifications/", headers, greeted=True)

        await connect_all([to_hub(user) for user in users[:WARM_UP]])
        before = resident_kilobytes(pid)
        await connect_all([to_hub(user) for user in users[WARM_UP:]])
        kilobytes = (resident_kilobytes(pid) - before) / max(1, len(users) - WARM_UP)
        group_url = f"ws://127.0.0.1:{group_port}/"
        await connect_all([groups.open(session, f"{group_url}?{user}", {}, greeted=False) for user in users])
        if nchan_port:
            person_url = f"ws://127.0.0.1:{nchan_port}/person"
            await connect_all([peer.open(session, f"{person_url}/{user}", {}, greeted=False) for user in users])
        rates: dict[str, list[float]] = {"hub": [], "groups": [], "nchan": []}
        for index in range(ROUNDS):
            seqs = range(index * messages + 1, (index + 1) * messages + 1)
            pushing = asyncio.to_thread(push_all, users, seqs)
            rates["hub"].append(await hub.rate(len(users) * messages, pushing))
            rates["groups"].append(await groups.rate(len(users), send_each(users)))
            if nchan_port:
                pushing = asyncio.to_thread(nchan.push_all, nchan_port, users, text=TEXT, times=messages)
                rates["nchan"].append(await peer.rate(len(users) * messages, pushing))
        return {**rates, "kilobytes": kilobytes}


async def connect_all(connecting: Sequence[Awaitable[None]]) -> None:
    for start in range(0, len(connecting), CONNECTING):
        await asyncio.gather(*connecting[start : start + CONNECTING])


def resident_kilobytes(pid: int) -> float:
    """Memory that the process holds (VmRSS)."""
    [line] = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return float(line.split()[1])


def push_all(users: Sequence[int], seqs: range) -> None:
    """Push a frame for everybody, several times over, as a worker does after its commit."""
    for seq in seqs:
        frame = {"seq": seq, "unread_count": seq, "toast": True, "own": OWN}
        push.push([push.Push(user, frame, 7) for user in users], shared=SHARED)


async def send_each(users: Sequence[int]) -> None:
    """Send one message to each person's group."""
    layer = get_channel_layer("groups")
    for user in users:
        await layer.group_send(f"user.{user}", {"type": "frame", "text": TEXT})
