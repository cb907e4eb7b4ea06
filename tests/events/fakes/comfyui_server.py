"""A small server that behaves as ComfyUI does: frames about execution for the submitter alone, `status` for all,
one prompt at a time, a queue, a history, previews as binary frames. Its steps are taken by the test."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any, Self

from aiohttp import WSMsgType, web

PREVIEW = b"\x00\x00\x00\x01\x00\x00\x00\x02not a picture"


class ComfyuiServer:
    """Listens on loopback. `stop` keeps its memory, as a network fault does; `forget` empties it, as a restart does."""

    def __init__(self, *, names_prompts: bool = True, has_times: bool = True) -> None:
        self.names_prompts, self.has_times = names_prompts, has_times
        self.port = 0
        self.sockets: dict[str, web.WebSocketResponse] = {}
        self.connections = 0
        self.calls: list[str] = []
        self.refuses_calls = False
        self._number = 0
        self.forget()

    def forget(self) -> None:
        self.running: list[list[Any]] = []
        self.pending: list[list[Any]] = []
        self.history: dict[str, dict[str, Any]] = {}
        self.messages: list[list[Any]] = []
        self.node: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> Self:
        app = web.Application(middlewares=[self._count])
        app.add_routes(
            [
                web.get("/ws", self._socket),
                web.post("/prompt", self._prompt),
                web.get("/queue", self._queue),
                web.get("/history", self._history),
                web.get("/history/{prompt_id}", self._history),
            ]
        )
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        await self.drop()
        await self._runner.cleanup()

    async def drop(self) -> None:
        """Cut every socket without a farewell."""
        for socket in list(self.sockets.values()):
            if socket._req is not None and socket._req.transport is not None:
                socket._req.transport.abort()
        self.sockets.clear()

    # What a test does

    async def queue_prompt(self, workflow: dict[str, Any], *, client_id: str = "somebody", **extra: Any) -> str:
        self._number += 1
        prompt_id = str(uuid.uuid4())
        self.pending.append([self._number, prompt_id, workflow, {**extra, "client_id": client_id}, []])
        await self._status()
        return prompt_id

    async def begin(self) -> str:
        """The next prompt of the queue starts."""
        self.running.append(self.pending.pop(0))
        self.messages, self.node = [], None
        await self.tell("execution_start")
        await self.tell("execution_cached", nodes=[])
        await self._status()
        return str(self.running[0][1])

    async def execute(self, node: str) -> None:
        self.node = node
        await self.tell("executing", node=node)

    async def step(self, value: int, most: int) -> None:
        await self.tell("progress", node=self.node, value=value, max=most)
        await self._bytes(PREVIEW)

    async def output(self, node: str, *names: str) -> None:
        await self.tell("executed", node=node, output={"images": self._images(names)})

    async def finish(self, *names: str, node: str = "9", says_success: bool = True) -> None:
        if says_success:
            await self.tell("execution_success")
        await self._done("success", outputs={node: {"images": self._images(names)}})

    async def fail(self, **more: Any) -> None:
        error = {
            "node_id": "4",
            "node_type": "KSampler",
            "exception_message": "CUDA out of memory",
            "exception_type": "torch.OutOfMemoryError",
            "traceback": ["  File secret.py, line 7\n"],
        }
        await self.tell("execution_error", **(error | more))
        await self._done("error")

    async def interrupt(self) -> None:
        self.messages.append(["execution_interrupted", self._data(node_id="4", node_type="KSampler")])
        await self._broadcast("execution_interrupted", self._data(node_id="4", node_type="KSampler"))
        await self._done("error")

    async def remove(self, prompt_id: str) -> None:
        self.pending = [item for item in self.pending if item[1] != prompt_id]
        await self._status()

    async def tell(self, kind: str, **data: Any) -> None:
        """A frame for the submitter alone."""
        told = self._data(**data)
        if kind.startswith("execution_"):
            self.messages.append([kind, told])
        if not self.names_prompts and kind == "progress":
            told = {key: value for key, value in told.items() if key in ("value", "max")}
        socket = self.sockets.get(self.running[0][3]["client_id"])
        if socket is not None:
            await self._send(socket, kind, told)

    # How it answers

    def _data(self, **more: Any) -> dict[str, Any]:
        times = {"timestamp": time.time_ns() // 1_000_000} if self.has_times else {}
        return {"prompt_id": self.running[0][1], **times, **more}

    def _images(self, names: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"filename": name, "subfolder": "", "type": "output"} for name in names]

    async def _done(self, said: str, *, outputs: dict[str, Any] | None = None) -> None:
        item = self.running.pop()
        status = {"status_str": said, "completed": said == "success", "messages": self.messages}
        self.history[item[1]] = {"prompt": item, "outputs": outputs or {}, "status": status}
        await self._status()
        socket = self.sockets.get(item[3]["client_id"])
        if socket is not None:
            await self._send(socket, "executing", {"node": None, "prompt_id": item[1]})

    async def _status(self) -> None:
        await self._broadcast("status", self._status_data())

    def _status_data(self) -> dict[str, Any]:
        return {"status": {"exec_info": {"queue_remaining": len(self.pending) + len(self.running)}}}

    async def _broadcast(self, kind: str, data: dict[str, Any]) -> None:
        for socket in list(self.sockets.values()):
            await self._send(socket, kind, data)

    async def _send(self, socket: web.WebSocketResponse, kind: str, data: dict[str, Any]) -> None:
        if not socket.closed:
            await socket.send_str(json.dumps({"type": kind, "data": data}))

    async def _bytes(self, body: bytes) -> None:
        for socket in self.sockets.values():
            await socket.send_bytes(body)

    @web.middleware
    async def _count(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.calls.append(request.path)
        if self.refuses_calls and request.path != "/ws":
            return web.Response(status=500, text="<html>")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        client_id = request.query.get("clientId") or uuid.uuid4().hex
        self.sockets[client_id] = socket
        self.connections += 1
        await self._send(socket, "status", self._status_data() | {"sid": client_id})
        if self.running and self.running[0][3]["client_id"] == client_id and self.node is not None:
            await self._send(socket, "executing", {"node": self.node, "prompt_id": self.running[0][1]})
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                break
        if self.sockets.get(client_id) is socket:
            del self.sockets[client_id]
        return socket

    async def _prompt(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not body.get("prompt"):
            error = {"type": "no_prompt", "message": "No prompt provided", "details": "it is empty", "extra_info": {}}
            return web.json_response({"error": error, "node_errors": {}}, status=400)
        prompt_id = await self.queue_prompt(body["prompt"], client_id=body["client_id"], **body.get("extra_data", {}))
        return web.json_response({"prompt_id": prompt_id, "number": self._number, "node_errors": {}})

    async def _queue(self, request: web.Request) -> web.Response:
        return web.json_response({"queue_running": self.running, "queue_pending": self.pending})

    async def _history(self, request: web.Request) -> web.Response:
        if (prompt_id := request.match_info.get("prompt_id")) is not None:
            found = {prompt_id: self.history[prompt_id]} if prompt_id in self.history else {}
            return web.json_response(found)
        most = int(request.query.get("max_items", len(self.history) or 1))
        return web.json_response(dict(list(self.history.items())[-most:]))
