"""Mails at once: two for one domain, few in all, and slow domains beside them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from delivery.channels import Outcome, Outgoing
from delivery.channels.email import turns
from delivery.channels.email.channel import Session
from delivery.channels.email.smtp_connection import TIME_LIMITS
from delivery.channels.email.turns import MOST_IN_ALL, STALLED_AFTER, Turn, Turns
from tests.delivery.factories.emails import outgoing, sending_to, states
from tests.delivery.fakes.smtp_server import Server


@pytest.fixture
def server(monkeypatch):
    with Server().running() as running, sending_to(running, monkeypatch):
        yield running
        running.released.set()


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    monkeypatch.setattr(turns, "time", made := Clock())
    return made


def taken(of: Turns, *domains: str) -> list[bool]:
    return [of.take(Turn(domain)) for domain in domains]


def test_a_domain_has_two_at_once_and_all_together_four(clock):
    assert taken(Turns(), "a", "a", "a", "b", "c", "d") == [True, True, False, True, True, False]


def test_what_takes_long_leaves_its_place_to_others_up_to_a_limit(clock):
    of = Turns()
    taken(of, "a", "a", "b", "b")
    clock.now += 3
    assert taken(of, "a", "c") == [False, True]
    for number in range(MOST_IN_ALL):
        clock.now += 3
        taken(of, f"d{number}")
    assert taken(of, "e") == [False]


def test_a_turn_that_ends_makes_room(clock):
    of, turn = Turns(at_once=1), Turn("a")
    assert (of.take(turn), taken(of, "b")) == (True, [False])
    of.end(turn)
    assert taken(of, "b") == [True]


def test_a_domain_is_stalled_when_both_of_its_mails_take_long(clock):
    of = Turns()
    taken(of, "slow")
    clock.now += STALLED_AFTER
    taken(of, "slow")
    clock.now += 1
    assert not of.is_stalled("slow")
    clock.now += STALLED_AFTER
    assert (of.is_stalled("slow"), of.is_stalled("other")) == (True, False)


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
    assert states(outcomes) == [("sent", "")] * 2 + [("retry", "mail_queue")] * 3
    assert {one.whose for one in outcomes[2:]} == {"ours"}


def test_a_mail_that_is_cut_off_ends_alone(server, monkeypatch):
    monkeypatch.setitem(TIME_LIMITS, "RCPT", 0.3)
    server.hanging = {"slow.example"}
    mails = [outgoing(to=one) for one in ("a@slow.example", "b@other.example", "c@slow.example", "d@other.example")]
    outcomes = send_all(*mails, until=range(4), server=server)
    assert [(one.state, one.whose) for one in outcomes[::2]] == [("retry", "ours")] * 2
    assert states(outcomes[1::2]) == [("sent", "")] * 2
