"""Recipients that are refused: one of them, or this site as a whole."""

from __future__ import annotations

import asyncio

import pytest

from delivery.channels import Outcome, Outgoing
from delivery.channels.blame import RefusalRun
from delivery.channels.email.channel import Session
from delivery.models import Address, Delivery
from delivery.outbox.settle import Result
from delivery.outbox.settle import settle as settle_results
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address
from tests.delivery.factories.emails import EMAIL, outgoing, send
from tests.delivery.manual_sender import claim

OURS = ("retry", "mail_not_permitted", "ours", True)
THEIRS = ("dead", "recipient_refused", "theirs", False)


def judged(*outcomes: Outcome) -> list[tuple[object, ...]]:
    return [(one.state, one.reason, one.whose, one.is_server) for one in outcomes]


def send_at_once(*mails: Outgoing) -> list[Outcome]:
    async def run() -> list[Outcome]:
        session = Session(deadline=20)
        outcomes = await asyncio.gather(*map(session.send, mails))
        await session.close()
        return outcomes

    return asyncio.run(run())


def at_once(*recipients: str) -> list[tuple[object, ...]]:
    return judged(*send_at_once(*[outgoing(to=one) for one in recipients]))


FIVE = [f"person@d{number}.example" for number in range(5)]


@pytest.mark.parametrize("answer", ["550 No", "550 5.1.1 User unknown", "553 5.1.2 Nowhere"])
def test_the_same_answer_for_three_domains_is_ours_and_none_of_them_dies(server, answer):
    server.answers["RCPT"] = answer
    assert at_once(*FIVE) == [OURS] * 5


@pytest.mark.parametrize("answer", ["554 5.7.1 <p@d.example>: Relay access denied", "550 relaying denied"])
def test_a_relay_that_refuses_us_kills_nothing_and_counts_on_the_server_from_the_third_domain_on(server, answer):
    server.answers["RCPT"] = answer
    outcomes = send(*[outgoing(to=one) for one in FIVE])
    assert judged(*outcomes) == [(*OURS[:3], number >= 2) for number in range(5)]


def test_a_host_called_relay_is_no_relay_that_refuses(server):
    server.answers["RCPT"] = "550 no such user here (relay.example.com, mail-relay)"
    assert at_once(FIVE[0]) == [THEIRS]


def test_one_misspelt_address_is_dead_at_once(server):
    server.refused[FIVE[0]] = "550 5.1.1 User unknown"
    assert at_once(FIVE[0]) == [THEIRS]


def test_misspelt_addresses_among_mails_that_are_taken_are_theirs(server):
    server.refused = dict.fromkeys(FIVE, "550 5.1.1 User unknown")
    taken = [outgoing(to="good@example.com")] * 5
    mixed = [one for pair in zip([outgoing(to=one) for one in FIVE], taken, strict=True) for one in pair]
    assert judged(*send(*mixed)[::2]) == [THEIRS] * 5


def test_one_domain_that_refuses_all_its_people_is_theirs(server):
    server.answers["RCPT"] = "550 5.1.1 User unknown"
    assert at_once(*[f"p{number}@old.example" for number in range(5)]) == [THEIRS] * 5


@pytest.mark.django_db
@pytest.mark.parametrize("answer", ["554 5.7.1 <p@d.example>: Relay access denied", "550 No"])
def test_mails_to_five_people_all_wait_without_a_try_and_no_address_is_blamed(server, answer):
    server.answers["RCPT"] = answer
    for number, target in enumerate(FIVE):
        box = address(person(f"p{number}"), kind="email", target=target)
        Delivery.objects.create(address=box, kind="email", purpose="test", due_at=NOON)
    claimed = claim(EMAIL)
    outcomes = send_at_once(*[one.outgoing for one in claimed])
    settle_results([Result(one, outcome, 5) for one, outcome in zip(claimed, outcomes, strict=True)], now=NOON)
    assert list(Delivery.objects.values_list("state", "tries")) == [("pending", 0)] * 5
    assert not Address.objects.filter(failures__gt=0).exists()


@pytest.mark.parametrize(
    ("said", "is_ours"),
    [
        (["a 550", "b 550"], False),
        (["a 550", "b 550", "c 550"], True),
        (["a 550", "b 550", "b 550"], False),
        (["a 550", "b 553", "c 550"], False),
        (["a 550", "b 550", "taken", "c 550"], False),
        (["a 550", "b 550", "c 550", "a 550"], True),
        (["a 550", "b 550", "c 550", "taken"], False),
    ],
)
def test_a_run_is_one_answer_to_one_domain_after_another(said, is_ours):
    run = RefusalRun()
    for one in said:
        domain, _space, answer = one.partition(" ")
        if answer:
            run.add(answer, domain=domain)
        else:
            run.end()
    assert run.is_ours is is_ours
