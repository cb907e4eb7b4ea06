"""Drives the WebSocket application itself from plain tests: its loop runs in a thread of its own, as in a server.

Nothing here cancels the application because a test waited too long for a frame.
"""

from __future__ import annotations

import asyncio
import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.test import Client

from events.transport import channel_layer
from notifications.websocket import consumer, hub
from tests import asyncapi_contract

if TYPE_CHECKING:
    from events.accounts import User

SECONDS = 10.0
HOST = "testserver"


class Server:
    """A loop with all its sockets."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.sockets: list[Socket] = []
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def connect(self, user: User | None = None, **more: Any) -> Socket:
        """A socket with this person's session; `hello` is still to be read."""
        client = more.pop("client", None) or Client()
        if user:
            client.force_login(user)
        socket = Socket(self, _scope(client, **more))
        self.sockets.append(socket)
        return socket

    def greeted(self, user: User, **more: Any) -> Socket:
        socket = self.connect(user, **more)
        assert socket.frame()["type"] == "hello"
        return socket

    def on_loop(self, function: Callable[[], Any]) -> Any:
        """Call it where the sockets live."""

        async def call() -> Any:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self.loop).result(SECONDS)

    def hub(self) -> hub.Hub:
        return self.on_loop(hub.current)  # type: ignore[no-any-return]

    def stop(self) -> None:
        for socket in self.sockets:
            socket.read_on()
            socket.leave()
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(SECONDS)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(SECONDS)
        self.loop.close()

    async def _end(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        hub.current().threads.shutdown()


class Socket:
    """One client."""

    def __init__(self, server: Server, scope: dict[str, Any]) -> None:
        self.server = server
        self.sent: queue.Queue[dict[str, Any]] = queue.Queue()
        self._reads = asyncio.Event()
        self._is_held = threading.Event()
        self._inbound: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._put({"type": "websocket.connect"})
        self.read_on()
        self.ended = asyncio.run_coroutine_threadsafe(self._run(scope), server.loop)

    async def _run(self, scope: dict[str, Any]) -> None:
        await consumer.application(scope, self._inbound.get, self._send)

    async def _send(self, message: dict[str, Any]) -> None:
        if not self._reads.is_set():
            self._is_held.set()
        await self._reads.wait()
        self.sent.put(message)

    def _put(self, message: dict[str, Any]) -> None:
        self.server.loop.call_soon_threadsafe(self._inbound.put_nowait, message)

    def say(self, text: str | bytes | dict[str, Any]) -> None:
        if isinstance(text, bytes):
            self._put({"type": "websocket.receive", "bytes": text})
        else:
            text = text if isinstance(text, str) else json.dumps(text)
            self._put({"type": "websocket.receive", "text": text})

    def message(self) -> dict[str, Any]:
        return self.sent.get(timeout=SECONDS)

    def frame(self) -> dict[str, Any]:
        """The next frame, after the handshake if that is still to be answered; each as the AsyncAPI document has it."""
        message = self.message()
        if message["type"] == "websocket.accept":
            message = self.message()
        assert message["type"] == "websocket.send", message
        frame: dict[str, Any] = json.loads(message["text"])
        assert asyncapi_contract.errors(frame, operation="tell") == []
        return frame

    def answer(self, text: str | bytes | dict[str, Any]) -> dict[str, Any]:
        self.say(text)
        return self.frame()

    def closing(self) -> tuple[str, int]:
        """The code of the last error frame and of the close; frames before it don't count."""
        error = ""
        while (message := self.message())["type"] != "websocket.close":
            if message["type"] == "websocket.send":
                error = json.loads(message["text"]).get("code", "")
        self.ended.result(SECONDS)
        return error, message["code"]

    def has_nothing_more(self) -> bool:
        """True if all that was pushed until now has brought no frame."""
        channel_layer.flush()
        return all(self.answer({"type": "ping"}) == {"type": "pong"} for _ in range(3))

    def stop_reading(self) -> None:
        self.server.on_loop(self._reads.clear)

    def wait_until_held(self) -> None:
        """Block until a first message is on its way to us, who don't read."""
        assert self._is_held.wait(SECONDS)

    def read_on(self) -> None:
        self.server.on_loop(self._reads.set)

    def leave(self) -> None:
        self._put({"type": "websocket.disconnect", "code": 1001})
        self.ended.result(SECONDS)


def _scope(
    client: Client,
    *,
    query: str = "",
    origin: str | None = f"http://{HOST}",
    host: str = HOST,
    scheme: str = "ws",
    authorization: str | None = None,
    path: str = consumer.PATH,
) -> dict[str, Any]:
    cookie = client.cookies.get(settings.SESSION_COOKIE_NAME)
    headers = {
        "host": host,
        "origin": origin,
        "authorization": authorization,
        "cookie": f"{settings.SESSION_COOKIE_NAME}={cookie.value}" if cookie else None,
    }
    return {
        "type": "websocket",
        "path": path,
        "scheme": scheme,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items() if value is not None],
    }


@contextmanager
def serving() -> Iterator[Server]:
    server = Server()
    try:
        yield server
    finally:
        server.stop()
