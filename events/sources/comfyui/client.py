"""A ComfyUI server as it is spoken to: its socket, its queue, its history. Each call has one deadline in total."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from events.sources.comfyui.protocol import as_list

CALL_SECONDS = 10.0
PING_SECONDS = 20.0
# A prompt carries its whole workflow, a preview a whole picture.
MOST_BYTES = 64 * 2**20
LATEST = 50


class ComfyuiError(RuntimeError):
    """The server did not answer, or refused; the text says which."""


class Server:
    """One server. Calls raise ComfyuiError, whatever went wrong."""

    def __init__(self, url: str) -> None:
        """ValueError unless it is an http address."""
        self.url = url.rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is not the address of a ComfyUI server; write it as in http://127.0.0.1:8188")
        # The same after a restart: the server then sends the current node again, and frames of what was submitted.
        self.client_id = uuid.uuid5(uuid.NAMESPACE_URL, f"{self.url}#carillon").hex

    async def submit(self, workflow: dict[str, Any], *, extra_data: dict[str, Any]) -> str:
        """Queue a workflow (in API format); the prompt's id."""
        body = {"prompt": workflow, "client_id": self.client_id, "extra_data": extra_data}
        answer = await self._call("POST", "/prompt", json=body)
        prompt_id = answer.get("prompt_id")
        if not isinstance(prompt_id, str) or not prompt_id:
            raise ComfyuiError(f"{self.url} took the workflow but named no prompt.")
        return prompt_id

    async def queue(self) -> tuple[list[Any], list[Any]]:
        """Read what runs and what waits, as the server lists it: [number, prompt id, workflow, extra data, ...]."""
        answer = await self._call("GET", "/queue")
        return as_list(answer.get("queue_running")), as_list(answer.get("queue_pending"))

    async def finished(self, prompt_id: str) -> dict[str, Any] | None:
        answer = await self._call("GET", f"/history/{prompt_id}")
        entry = answer.get(prompt_id)
        return entry if isinstance(entry, dict) else None

    async def latest(self) -> dict[str, Any]:
        answer = await self._call("GET", f"/history?max_items={LATEST}")
        return {key: entry for key, entry in answer.items() if isinstance(entry, dict)}

    @asynccontextmanager
    async def socket(self) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
        """The text frames, until the connection ends. Previews are skipped."""
        async with aiohttp.ClientSession() as session:
            try:
                async with asyncio.timeout(CALL_SECONDS):
                    socket = await session.ws_connect(
                        f"{self.url}/ws",
                        params={"clientId": self.client_id},
                        heartbeat=PING_SECONDS,
                        max_msg_size=MOST_BYTES,
                    )
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                raise ComfyuiError(_why(error)) from error
            async with socket:
                yield _frames(socket)

    async def _call(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            async with (
                asyncio.timeout(CALL_SECONDS),
                aiohttp.ClientSession() as session,
                session.request(method, f"{self.url}{path}", allow_redirects=False, **more) as answer,
            ):
                body = await _read(answer)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise ComfyuiError(f"{self.url}{path}: {_why(error)}") from error
        decoded = _object(body)
        if answer.status != 200 or decoded is None:
            raise ComfyuiError(f"{self.url}{path} answered {answer.status}: {_reason(decoded)}")
        return decoded


async def _frames(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[dict[str, Any]]:
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT and (frame := _object(message.data)) is not None:
            yield frame


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    parts, size = [], 0
    async for part in answer.content.iter_chunked(2**16):
        size += len(part)
        if size > MOST_BYTES:
            raise ComfyuiError(f"{answer.url} answers with more than {MOST_BYTES // 2**20} MB; it was left unread.")
        parts.append(part)
    return b"".join(parts)


def _object(text: str | bytes) -> dict[str, Any] | None:
    try:
        decoded = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return decoded if isinstance(decoded, dict) else None


def _reason(answer: dict[str, Any] | None) -> str:
    error = (answer or {}).get("error")
    if isinstance(error, dict):
        return " ".join(str(error[name]) for name in ("message", "details") if error.get(name)) or "no reason given"
    return str(error or "no reason given")


def _why(error: BaseException) -> str:
    return f"no answer within {CALL_SECONDS:.0f} s" if isinstance(error, TimeoutError) else str(error) or repr(error)
