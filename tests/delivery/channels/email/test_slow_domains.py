"""Mails at once, while some domains are slow."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from delivery.channels import Outcome, Outgoing, turns
from delivery.channels.email.channel import Session
from delivery.channels.email.smtp_connection import TIME_LIMITS
from tests.delivery.factories.emails import outgoing, sending_to, states
from tests.delivery.fakes.smtp_server import Server


@pytest.fixture
def server(monkeypatch):
    with Server().running() as running, sending_to(running, monkeypatch):
        yield running
        running.released.set()


def send_all(*mails: Outgoing, until: Sequence[int] = (), server: Server) -> list[Outcome]:
    """Send at once, and let go what hangs as soon as those of these places are through."""

    async def run() -> list[Outcome]:
        session = Session(deadline=20)
        attempts = [asyncio.create_task(session.send(one)) for one in mails]
        await asyncio.gather(*[attempts[place] for place in until])
        server.released.set()
        outcomes = await asyncio.gather(*attempts)
        await session.close()
        return outcomes

    return asyncio.run(run())


def test_a_domain_that_hangs_costs_the_others_nothing(server):
    server.hanging = {"slow.example"}
    slow = [outgoing(to=f"p{number}@slow.example") for number in range(6)]
    others = [outgoing(to=f"p{number}@d{number}.example") for number in range(10)]
    outcomes = send_all(*slow, *others, until=range(6, 16), server=server)
    assert states(outcomes) == [("sent", "")] * 16
    assert not [one for one in server.recipients[:10] if one.endswith("@slow.example")]


def test_what_waits_behind_it_for_long_goes_back_without_a_try(server, monkeypatch):
    monkeypatch.setattr(turns, "STALLED_AFTER", 0.3)
    server.hanging = {"slow.example"}
    mails = [outgoing(to=f"p{number}@slow.example") for number in range(5)]
    outcomes = send_all(*mails, until=range(2, 5), server=server)
    assert states(outcomes) == [("sent", "")] * 2 + [("retry", "queue")] * 3
    assert {one.whose for one in outcomes[2:]} == {"ours"}


def test_a_mail_that_is_cut_off_ends_alone(server, monkeypatch):
    monkeypatch.setitem(TIME_LIMITS, "RCPT", 0.3)
    server.hanging = {"slow.example"}
    mails = [outgoing(to=one) for one in ("a@slow.example", "b@other.example", "c@slow.example", "d@other.example")]
    outcomes = send_all(*mails, until=range(4), server=server)
    assert [(one.state, one.whose) for one in outcomes[::2]] == [("retry", "ours")] * 2
    assert states(outcomes[1::2]) == [("sent", "")] * 2
