"""Mentions of the neighbour by somebody else's key: from the request that publishes one until its frame is there."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any

import aiohttp

A_SECOND = 5
TIMEOUT = 20.0
_numbers = itertools.count()


def seconds(port: int, people: dict[str, Any], *, duration: float) -> list[float]:
    """Seconds of five mentions a second, each from when it was due; TIMEOUT for one that didn't come in time."""
    return asyncio.run(_seconds(port, people, duration=duration))


async def _seconds(port: int, people: dict[str, Any], *, duration: float) -> list[float]:
    due: dict[int, float] = {}
    arrived: dict[int, float] = {}
    async with (
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.ws_connect("/ws/notifications/", headers=_bearer(people["neighbour_key"])) as opened,
    ):
        await opened.receive()
        listening = asyncio.create_task(_listen(opened, arrived))
        began, publishing = time.monotonic(), []
        for index in range(round(duration * A_SECOND)):
            number, moment = next(_numbers), began + index / A_SECOND
            await asyncio.sleep(max(0.0, moment - time.monotonic()))
            due[number] = moment
            publishing.append(asyncio.create_task(_publish(session, people, number)))
        await asyncio.gather(*publishing)
        while not due.keys() <= arrived.keys() and time.monotonic() < began + duration + TIMEOUT:
            await asyncio.sleep(0.05)
        listening.cancel()
    return [arrived[number] - moment if number in arrived else TIMEOUT for number, moment in due.items()]


async def _publish(session: aiohttp.ClientSession, people: dict[str, Any], number: int) -> None:
    payload = {"mentioned_user_ids": [people["neighbour"]], "number": number}
    event = {"event_type": "collab.mention", "payload": payload}
    async with session.post("/api/v1/events", json=event, headers=_bearer(people["publisher_key"])) as response:
        await response.read()


async def _listen(opened: aiohttp.ClientWebSocketResponse, arrived: dict[int, float]) -> None:
    async for message in opened:
        now, frame = time.monotonic(), json.loads(message.data)
        if frame["type"] == "notification" and frame["event_type"] == "collab.mention":
            arrived[frame["payload"]["number"]] = now


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
