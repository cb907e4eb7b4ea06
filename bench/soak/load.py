"""Clients of a soak, in one process: `python -m bench.soak.load PORT SECONDS PEOPLE`, which prints what was answered.

Events at a steady pace, sockets that stay for a while and come again, pages and calls that are read.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp

EVENTS_A_SECOND, READS_A_SECOND = 16, 3
# Seconds that a socket stays, and stays away.
STAYS, AWAY = (5.0, 90.0), (0.5, 5.0)
READ = (
    "/notifications/",
    "/notifications/preferences/",
    "/api/v1/notifications",
    "/api/v1/notifications/unread-count",
    "/api/v1/notifications/read-all",
)
TIMEOUT = aiohttp.ClientTimeout(total=30)


class Clients:
    def __init__(self, session: aiohttp.ClientSession, *, port: int, people: dict[str, Any], until: float) -> None:
        self.session, self.address, self.until = session, f"127.0.0.1:{port}", until
        self.people, self.sessions = people["people"], people["sessions"]
        # How often each kind of call was answered with each status, or failed by which error.
        self.answers: Counter[str] = Counter()
        self.frames = 0

    async def run(self) -> None:
        await asyncio.gather(
            self.steadily(EVENTS_A_SECOND, self.publish),
            self.steadily(READS_A_SECOND, self.read),
            *(self.come_and_go(one) for one in self.people),
        )

    async def steadily(self, rate: float, call: Callable[[], Awaitable[None]]) -> None:
        """Call so often a second, however long an answer takes."""
        running: set[asyncio.Task[None]] = set()
        due = time.monotonic()
        while due < self.until:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            task = asyncio.ensure_future(call())
            running.add(task)
            task.add_done_callback(running.discard)
            due += 1 / rate
        await asyncio.gather(*running)

    async def publish(self) -> None:
        owner, other = random.sample(self.people, 2)
        job = {"source_entity_type": "job", "source_entity_id": random.randrange(200)}
        event = random.choice(
            [
                {"event_type": "job.completed", "actor_user_id": owner["id"], "payload": {"name": "Shot"}, **job},
                {"event_type": "job.progress", "actor_user_id": owner["id"], "payload": {"progress": 0.5}, **job},
                {"event_type": "review.comment", "actor_user_id": other["id"], "payload": {"text": "Look"}, **job},
                {"event_type": "collab.mention", "payload": {"mentioned_user_ids": [owner["id"], other["id"]]}},
            ]
        )
        await self.call("POST", "/api/v1/events", key=self.people[0]["key"], json=event)

    async def read(self) -> None:
        key = random.choice(self.people)["key"]
        path = random.choice(READ)
        if path.startswith("/api/"):
            await self.call("POST" if path.endswith("read-all") else "GET", path, key=key)
        else:
            await self.call("GET", path, session=random.choice(self.sessions))

    async def call(self, method: str, path: str, *, key: str = "", session: str = "", **options: Any) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {"Cookie": f"sessionid={session}"}
        try:
            async with self.session.request(
                method, f"http://{self.address}{path}", headers=headers, timeout=TIMEOUT, **options
            ) as response:
                await response.read()
                self.answers[f"{method} {path} {response.status}"] += 1
        except (aiohttp.ClientError, TimeoutError) as error:
            self.answers[f"{method} {path} {type(error).__name__}"] += 1

    async def come_and_go(self, person: dict[str, Any]) -> None:
        # Not all at once.
        await asyncio.sleep(random.uniform(0, 20))
        headers = {"Authorization": f"Bearer {person['key']}"}
        while time.monotonic() < self.until:
            try:
                async with self.session.ws_connect(f"ws://{self.address}/ws/notifications/", headers=headers) as socket:
                    self.answers["socket"] += 1
                    await self.listen(socket, until=min(self.until, time.monotonic() + random.uniform(*STAYS)))
            except (aiohttp.ClientError, TimeoutError) as error:
                self.answers[f"socket {type(error).__name__}"] += 1
            await asyncio.sleep(random.uniform(*AWAY))

    async def listen(self, socket: aiohttp.ClientWebSocketResponse, *, until: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(until - time.monotonic()):
                while (await socket.receive()).type == aiohttp.WSMsgType.TEXT:
                    self.frames += 1
                self.answers[f"socket ended with {socket.close_code}"] += 1


async def _main(port: int, seconds: float, people: dict[str, Any]) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        clients = Clients(session, port=port, people=people, until=time.monotonic() + seconds)
        await clients.run()
    print(json.dumps({"answers": clients.answers, "frames": clients.frames}), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3])))
