"""How long a mail server may take for each step of a mail, and what it means when it takes longer."""

from __future__ import annotations

import asyncio

import pytest

from delivery.channels.email import smtp_connection
from delivery.channels.email.channel import Session, new_turns
from delivery.channels.email.smtp_connection import TIME_LIMITS
from tests.delivery.factories.emails import outgoing, send, states
from tests.own_settings import own

# RFC 5321, section 4.5.3.2, in minutes.
RFC = {"CONNECT": 5, "MAIL": 5, "RCPT": 5, "DATA": 2, "BODY": 3, "END": 10}


def limit(monkeypatch, step: str, seconds: float) -> None:
    monkeypatch.setitem(TIME_LIMITS, step, seconds)


@pytest.mark.parametrize(("step", "minutes"), RFC.items())
def test_no_step_takes_longer_than_the_standard_wants_and_the_last_as_long(step, minutes):
    assert 60 <= TIME_LIMITS[step] <= minutes * 60
    assert TIME_LIMITS["END"] == 600


def test_all_are_as_many_times_as_long_as_the_setting_says(settings):
    own(settings, EMAIL_TIME_SCALE=0.5)
    assert smtp_connection._limit("END") == 300


def test_who_answers_late_after_the_final_dot_gets_one_copy(server, monkeypatch):
    for step in ("MAIL", "RCPT", "DATA", "BODY"):
        limit(monkeypatch, step, 5)
    server.delay = 0.5
    assert states(send(outgoing())) == [("sent", "")]
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("MAIL", ("retry", "mail_server_slow", "ours", True)),
        ("RCPT", ("retry", "mail_server_slow", "ours", False)),
        ("DATA", ("retry", "mail_server_slow", "ours", False)),
        ("END", ("retry", "answer_lost", "unknown", False)),
    ],
)
def test_a_step_without_an_answer_ends_the_attempt(server, monkeypatch, step, expected):
    server.hanging = {step}
    limit(monkeypatch, step, 0.2)
    [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose, outcome.is_server) == expected


def test_a_connection_lost_before_the_body_is_ours_and_no_lost_answer(server):
    server.hangs_up_at = {"DATA"}
    [outcome] = send(outgoing())
    assert (outcome.reason, outcome.whose, outcome.is_server) == ("mail_server_unreachable", "ours", False)
    assert server.received == []


def test_all_connections_take_leave_at_once(server, monkeypatch):
    limit(monkeypatch, "QUIT", 30)
    server.hanging, server.delay = {"QUIT"}, 0.05

    async def run() -> None:
        session = Session(deadline=5)
        await asyncio.gather(*[session.send(outgoing(to=f"p@d{number}.example")) for number in range(3)])
        closing = asyncio.create_task(session.close())
        while server.left < server.connections:
            await asyncio.sleep(0.01)
        server.released.set()
        await closing

    asyncio.run(run())
    assert server.left == 3


def test_the_wait_for_a_turn_is_outside_the_deadline(server):
    server.delay = 0.4

    async def run() -> list[tuple[str, str]]:
        session = Session(deadline=1.2, turns=new_turns(at_once=1))
        outcomes = await asyncio.gather(*[session.send(outgoing()) for _ in range(5)])
        await session.close()
        return states(outcomes)

    assert asyncio.run(run()) == [("sent", "")] * 5
