"""Attacks on a web process, each from a process of its own: `python -m bench.attack.attacks NAME PORT SECONDS PEOPLE`.

What one client sends is bounded: in bytes a second by a good line's, in requests by what each attack says. So the
attacker's own work takes little of the machine that both run on. PEOPLE: JSON of what `bench.attack.people` returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

MEGABYTE = 1024 * 1024
LINE_BYTES = 50 * MEGABYTE
TIMEOUT = 30.0
# The neighbour comes from another address.
SOURCE = "127.0.0.2"
FORM = "Content-Type: application/x-www-form-urlencoded"
JSON = "Content-Type: application/json"

Step = Callable[[], Awaitable[object]]


class Attacker:
    """One client, as bytes over sockets. `answers` counts what came back, by status or name of the error."""

    def __init__(self, port: int, *, seconds: float, people: dict[str, Any]) -> None:
        self.port, self.people = port, people
        self.until = time.monotonic() + seconds
        self.answers: Counter[str] = Counter()

    async def bodies(self) -> None:
        """800 MB of spaces without a session, by length and in chunks, and 600 requests that are sent by half."""
        await asyncio.gather(
            self._hold([_head("POST", "/sign-in/").removesuffix(b"\r\n")] * 600),
            self._again(lambda: self._spaces(f"Content-Length: {800 * MEGABYTE}"), every=0.1),
            self._again(lambda: self._spaces("Transfer-Encoding: chunked"), every=0.1),
        )

    async def sign_ins(self) -> None:
        """Twenty at a time and a second: ten from one address, ten from one each, each with a name of its own."""
        numbers = itertools.count()

        def sign_in(source: str) -> Step:
            return lambda: self._sign_in(f"nobody{next(numbers)}", source=source)

        sources = [SOURCE] * 10 + [f"127.0.1.{number}" for number in range(1, 11)]
        await asyncio.gather(*(self._again(sign_in(source), every=1.0) for source in sources))

    async def patterns(self) -> None:
        """Ten events a second from a publish-only key, for patterns on which a backtracking engine never ends."""
        name = "a" * 60 + "!"
        event = {"event_type": "bench.slow", "payload": {"email": name, name: name}}
        await self._each([lambda: self._publish(event)] * 2, every=0.2)

    async def members(self) -> None:
        """Bodies of 8 MB that are nothing but unknown names, and 20 sockets that resume nine times a second each."""
        body = b"{" + b",".join(b'"n%07d":1' % number for number in range(600_000)) + b"}"
        head = _head("PUT", "/api/v1/notifications/settings", self._bearer("key"), JSON, f"Content-Length: {len(body)}")
        await asyncio.gather(
            self._each([lambda: self._ask(head, body)] * 4, every=4 * len(body) / LINE_BYTES),
            *(self._resume() for _ in range(20)),
        )

    async def headers(self) -> None:
        """Twenty requests a second with headers that proxies set, as many and as long as are taken."""
        forwarded = [f"X-Forwarded-For: {', '.join(['203.0.113.7'] * 100)}"] * 8
        named = ["Daphne-Root-Path: /x", "X-Forwarded-Proto: https", "X-Forwarded-Host: example.com", "Forwarded: a"]
        many = [f"X-Forwarded-{number}: {number}" for number in range(300)]
        heads = itertools.cycle(
            [_head("GET", "/x/notifications/", *named, *forwarded), _head("GET", "/sign-in/", *many)]
        )
        await self._each([lambda: self._ask(next(heads))] * 4, every=0.2)

    async def handshakes(self) -> None:
        """Sockets that are opened and closed again at once: by one person, and by one who makes sessions up."""
        sessions = itertools.count()
        own = f"Cookie: sessionid={self.people['session']}"
        await asyncio.gather(
            *(self._again(lambda: self._handshake(own), every=0) for _ in range(2)),
            *(
                self._again(lambda: self._handshake(f"Cookie: sessionid={next(sessions):032}"), every=0)
                for _ in range(2)
            ),
        )

    async def events(self) -> None:
        """1,500 events a second from a key that may only publish."""
        source = {"source_entity_type": "job", "actor_user_id": self.people["attacker_id"]}
        events = [{"event_type": "job.started", "source_entity_id": n, "payload": {}, **source} for n in range(500)]
        await self._again(lambda: self._publish(events), every=1 / 3)

    async def _again(self, step: Step, *, every: float) -> None:
        """One step after the other until the end, begun that many seconds apart or as soon as it can."""
        while (began := time.monotonic()) < self.until:
            try:
                outcome = str(await asyncio.wait_for(step(), TIMEOUT))
            except (OSError, asyncio.IncompleteReadError) as error:
                outcome = type(error).__name__
            self.answers[outcome] += 1
            await asyncio.sleep(max(0.0, began + every - time.monotonic()))

    async def _each(self, steps: Sequence[Step], *, every: float) -> None:
        await asyncio.gather(*(self._again(step, every=every) for step in steps))

    async def _ask(self, head: bytes, *parts: bytes, source: str = SOURCE) -> str:
        """The status of the answer to one request on a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(source, 0))
        try:
            # Whoever is refused may be told so before everything is sent.
            with contextlib.suppress(ConnectionError):
                for part in (head, *parts):
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(len(part) / LINE_BYTES)
            line = await reader.readline()
            return line[9:12].decode() or "nothing"
        finally:
            writer.transport.abort()

    async def _spaces(self, length: str) -> str:
        part = b" " * MEGABYTE
        if "chunked" in length:
            part = b"%x\r\n%s\r\n" % (MEGABYTE, part)
        return await self._ask(_head("POST", "/sign-in/", FORM, length), *[part] * 800)

    async def _sign_in(self, name: str, *, source: str) -> str:
        token = "x" * 32
        form = f"csrfmiddlewaretoken={token}&username={name}&password=wrong".encode()
        cookie = f"Cookie: csrftoken={token}"
        head = _head("POST", "/sign-in/", FORM, cookie, f"Content-Length: {len(form)}")
        return await self._ask(head, form, source=source)

    async def _publish(self, content: object) -> str:
        body = json.dumps(content).encode()
        key = self._bearer("publish_only_key")
        return await self._ask(_head("POST", "/api/v1/events", key, JSON, f"Content-Length: {len(body)}"), body)

    async def _handshake(self, cookie: str) -> str:
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
        key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
        origin = f"Origin: http://127.0.0.1:{self.port}"
        head = _head("GET", "/ws/notifications/", *upgrade, key, origin, cookie, host=f"127.0.0.1:{self.port}")
        return await self._ask(head)

    async def _resume(self) -> None:
        resume = json.dumps({"type": "resume", "seq": 0})
        connector = aiohttp.TCPConnector(local_addr=(SOURCE, 0))
        headers = {"Authorization": f"Bearer {self.people['key']}"}
        url = f"http://127.0.0.1:{self.port}/ws/notifications/"
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.ws_connect(url, headers=headers) as opened,
        ):
            reading = asyncio.create_task(_read_all(opened))

            async def send() -> str:
                await opened.send_str(resume)
                return "resume"

            await self._again(send, every=1 / 9)
            reading.cancel()

    async def _hold(self, beginnings: Sequence[bytes]) -> None:
        """Keep a connection open for each of these beginnings of a request until the end."""
        connections = []
        for beginning in beginnings:
            with contextlib.suppress(OSError):
                connections.append(await asyncio.open_connection("127.0.0.1", self.port, local_addr=(SOURCE, 0)))
                connections[-1][1].write(beginning)
        self.answers["half"] += len(connections)
        await asyncio.sleep(max(0.0, self.until - time.monotonic()))

    def _bearer(self, name: str) -> str:
        return f"Authorization: Bearer {self.people[name]}"


async def _read_all(opened: aiohttp.ClientWebSocketResponse) -> None:
    async for _ in opened:
        pass


def _head(method: str, path: str, *headers: str, host: str = "127.0.0.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *headers, "", ""]).encode()


def main() -> None:
    """Print a line when it begins, and one with the answers, as JSON, when it is over."""
    name, port, seconds, people = sys.argv[1:]
    attacker = Attacker(int(port), seconds=float(seconds), people=json.loads(people))
    print("begun", flush=True)
    asyncio.run(getattr(attacker, name)())
    print(json.dumps(attacker.answers), flush=True)


if __name__ == "__main__":
    main()
