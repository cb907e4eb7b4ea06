"""WebSocket handshakes come at their caller's rate: a loop of them waits, then is refused, and costs nobody else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from config.server import handshakes
from config.server.callers import ANSWERED_FOR, Callers
from config.server.handshakes import (
    LONGEST_WAIT,
    NETWORK_A_SECOND,
    NETWORK_AT_ONCE,
    PERSON_A_SECOND,
    PERSON_AT_ONCE,
    HandshakeRates,
)

ATTACKER, NEIGHBOUR, HERE = "203.0.113.7", "198.51.100.1", "127.0.0.1"


class Site:
    """An application behind the rates, with a clock that only waiting moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.let_in = 0
        self.callers = Callers()
        self._rates = HandshakeRates(self._application, callers=self.callers, clock=lambda: self.now)
        monkeypatch.setattr("config.server.handshakes.asyncio.sleep", self._sleep)

    def open(self, times: int = 1, *, address: str = ATTACKER, session: str = "") -> list[str]:
        """Open sockets one after the other; what each was answered, empty for those that were let in."""
        return asyncio.run(self._open(times, scope(address=address, session=session)))

    def knows(self, session: str) -> None:
        self.callers.remember(scope(session=session) | {ANSWERED_FOR: "user:1"})

    async def _open(self, times: int, scope: dict[str, Any]) -> list[str]:
        answers: list[str] = []

        async def receive() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, Any]) -> None:
            answers.append(message["type"])

        for _ in range(times):
            await self._rates(scope, receive, send)
        return answers

    async def _application(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.let_in += 1

    async def _sleep(self, seconds: float) -> None:
        self.now += seconds


def scope(*, address: str = ATTACKER, session: str = "") -> dict[str, Any]:
    headers = [(b"cookie", f"sessionid={session}".encode())] if session else []
    return {"type": "websocket", "path": "/ws/notifications/", "client": [address, 50_000], "headers": headers}


@pytest.fixture
def site(monkeypatch) -> Site:
    return Site(monkeypatch)


def test_as_many_at_once_as_an_office_has_wait_for_nothing(site):
    assert site.open(NETWORK_AT_ONCE) == []
    assert (site.let_in, site.now) == (NETWORK_AT_ONCE, 0)


def test_one_more_waits_for_its_turn_at_the_rate(site):
    site.open(NETWORK_AT_ONCE)
    site.open()
    assert site.let_in == NETWORK_AT_ONCE + 1
    assert site.now == pytest.approx(1 / NETWORK_A_SECOND)


def test_sessions_that_are_made_up_count_for_their_network(site):
    for number in range(NETWORK_AT_ONCE):
        site.open(session=f"made-up-{number}")
    site.open(session="one-more")
    assert site.now > 0


def test_a_person_who_was_answered_has_a_rate_of_their_own(site):
    site.knows("s3ss10n")
    site.open(PERSON_AT_ONCE + 1, session="s3ss10n")
    assert site.now == pytest.approx(1 / PERSON_A_SECOND)


def test_others_dont_wait_for_one_who_opens_in_a_loop(site):
    site.open(NETWORK_AT_ONCE)
    site.open(address=NEIGHBOUR)
    assert site.now == 0


def test_who_would_wait_too_long_is_refused(site, monkeypatch):
    # Many wait at once: the clock stands still while each takes the token that the one before has waited for.
    monkeypatch.setattr(handshakes, "NETWORK_A_SECOND", 0.1)
    site.open(NETWORK_AT_ONCE)
    assert site.open() == ["websocket.close"]
    assert site.now < LONGEST_WAIT


def test_this_machine_itself_isnt_counted(site):
    """Clients of a proxy that nobody named come from there, all together."""
    site.open(NETWORK_AT_ONCE + 100, address=HERE)
    assert site.now == 0


def test_memory_of_callers_is_bounded(site, monkeypatch):
    monkeypatch.setattr(handshakes, "MOST_BUCKETS", 3)
    for number in range(10):
        site.open(address=f"203.0.113.{number}")
    assert len(site._rates._buckets) == 3
