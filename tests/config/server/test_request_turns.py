"""Requests take turns: one caller's don't stand in the way of another's, and who can't even wait is told to retry."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from channels.testing import HttpCommunicator
from django.conf import settings

from config import asgi
from config.server import request_turns
from config.server.callers import Callers
from config.server.request_turns import EACH_AT_ONCE, RequestTurns
from events import api_keys
from tests.api_client import V1, as_

Answer = tuple[int, dict[bytes, bytes], bytes]

ATTACKER, NEIGHBOUR = "203.0.113.7", "198.51.100.1"


class Site:
    """An application that answers when told to, behind turns."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = asyncio.Event()
        self.turns = RequestTurns(self._application, callers=Callers())
        self.calls: list[asyncio.Task[Answer]] = []

    async def _application(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.asked.append(scope["client"][0])
        await self.answers.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def call(self, path: str = "/", *, address: str = ATTACKER) -> asyncio.Task[Answer]:
        made = asyncio.create_task(response(self.turns, path, address=address))
        self.calls.append(made)
        for _ in range(5):
            await asyncio.sleep(0)
        return made

    async def end(self) -> None:
        self.answers.set()
        await asyncio.gather(*self.calls)


async def response(application: Any, path: str, *, address: str = ATTACKER, **headers: str) -> Answer:
    sent = [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in headers.items())]
    call = HttpCommunicator(application, "GET", path, headers=sent)
    call.scope["client"] = [address, 50_000]
    answer = await call.get_response(60)
    await call.wait(60)
    return answer["status"], dict(answer["headers"]), answer["body"]


def run(scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(scene())


def test_a_neighbour_is_answered_while_one_address_has_all_it_may():
    async def scene() -> None:
        site = Site()
        for _ in range(30):
            await site.call()
        await site.call(address=NEIGHBOUR)
        assert site.asked == [ATTACKER] * EACH_AT_ONCE + [NEIGHBOUR]
        await site.end()

    run(scene)


def test_health_is_told_while_all_turns_are_taken():
    async def scene() -> None:
        site = Site()
        for number in range(60):
            await site.call(address=f"203.0.113.{number}")
        before = len(site.asked)
        await site.call("/healthz", address=ATTACKER)
        await site.call("/readyz", address=ATTACKER)
        assert len(site.asked) == before + 2
        await site.end()

    run(scene)


@pytest.mark.parametrize("path", ["/", f"{V1}/events"])
def test_who_can_not_even_wait_is_told_to_retry(path, monkeypatch, caplog):
    monkeypatch.setattr(request_turns, "EACH_WAITING", 2)

    async def scene() -> Answer:
        site = Site()
        for _ in range(EACH_AT_ONCE + 2):
            await site.call(path)
        refused = await site.call(path)
        await site.call(path)
        answer = await refused
        await site.end()
        return answer

    status, headers, body = run(scene)
    assert (status, headers[b"retry-after"], headers[b"content-length"]) == (503, b"1", str(len(body)).encode())
    if path == "/":
        assert b"The server is busy right now" in body
        assert headers[b"content-type"].startswith(b"text/html")
    else:
        assert json.loads(body)["code"] == "busy"
    assert [record.getMessage() for record in caplog.records if record.name == "carillon.server"] == [
        f"Refused a request of address:{ATTACKER} with 503: too many wait for their turn"
    ]


@pytest.mark.usefixtures("committed")
def test_a_session_that_was_answered_for_counts_for_its_person(owner):
    session = as_(owner).cookies[settings.SESSION_COOKIE_NAME].value
    assert noted("/notifications/", cookie=f"{settings.SESSION_COOKIE_NAME}={session}") == f"user:{owner.pk}"
    assert noted(f"{V1}/notifications", cookie=f"{settings.SESSION_COOKIE_NAME}={session}") == f"user:{owner.pk}"


@pytest.mark.usefixtures("committed")
def test_a_key_that_was_answered_for_counts_for_itself(owner):
    key, text = api_keys.issue(owner)
    assert noted(f"{V1}/notifications", authorization=f"Bearer {text}") == f"key:{key.pk}"


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize("path", ["/notifications/", f"{V1}/notifications", "/sign-in/", "/healthz"])
def test_nobody_is_answered_for_who_made_up_a_credential(path):
    assert noted(path, cookie=f"{settings.SESSION_COOKIE_NAME}=made-up") is None
    assert noted(path, authorization="Bearer crl_made-up") is None


def noted(path: str, **headers: str) -> str | None:
    """What the site itself says of whom it answered."""
    scopes: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        scopes.append(scope)
        await asgi.pages(scope, receive, send)

    run(lambda: response(application, path, **headers))
    return scopes[0].get("carillon.answered_for")
