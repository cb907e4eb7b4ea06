"""A server of ours that fails is asked by one probe at a time, and all that goes over it waits for it together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from delivery import channels
from delivery.address_health import servers
from delivery.channels import Outcome, Whose
from delivery.channels.chat import providers
from delivery.models import Address, Attempt, Delivery, Server
from delivery.outbox.claim import is_any_due
from events.models import Event
from tests.accounts.factory import name_of
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.fakes.channel import SENT, FakeChannel, installed
from tests.delivery.manual_sender import claim, settle
from tests.events.concurrency import at_once
from tests.notifications.factories.routing import JOB
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db

DOWN = Outcome("retry", "mail_server_unreachable", whose=Whose.OURS, is_server=True, excerpt="refused")
LOGIN = replace(DOWN, reason="mail_login", http_status=535)
REFUSED = Outcome("dead", "recipient_refused", http_status=554)
UNSAID = Outcome("retry", "our_dns", whose=Whose.OURS)


@pytest.fixture
def mail() -> Iterator[FakeChannel]:
    channel = FakeChannel(server="mail server")
    with installed(channel):
        yield channel


def boxes(count: int, *, domain: str = "") -> list[Address]:
    people = [person(f"p{get_user_model().objects.count()}-{number}") for number in range(count)]
    return [address(user, target=f"{name_of(user)}@{domain or name_of(user) + '.example'}") for user in people]


def waiting(count: int, **options: str) -> list[Delivery]:
    return [delivery(box, due_at=after(-60)) for box in boxes(count, **options)]


def server() -> Server:
    return Server.objects.get(name="mail server")


def open_it(mail: FakeChannel, outcome: Outcome = DOWN, *, now: datetime = NOON) -> list[Delivery]:
    """Let as many attempts fail as open it; what they were for."""
    made = waiting(servers.RULES.opens_after)
    settle(claim(mail, now=now), outcome, now=now)
    return made


def test_failures_in_a_row_open_it_and_hold_every_address(mail):
    open_it(mail)
    other = waiting(1)
    assert claim(mail) == []
    assert (server().failures, server().open_until, server().reason) == (3, after(1), "mail_server_unreachable")
    assert not is_any_due(now=NOON)
    assert Delivery.objects.get(pk=other[0].pk).due_at == after(-60)


def test_what_failed_while_it_opened_goes_back_without_an_attempt_or_a_try(mail):
    for made in open_it(mail):
        made.refresh_from_db()
        assert (made.state, made.tries, made.due_at, made.attempts.count()) == ("pending", 0, NOON, 0)


def test_what_failed_before_it_opened_keeps_its_attempt(mail):
    [made] = waiting(1)
    settle(claim(mail), DOWN)
    made.refresh_from_db()
    assert (made.tries, made.attempts.count()) == (0, 1)
    assert made.due_at >= after(5)


def test_half_open_it_lets_one_probe_through(mail):
    open_it(mail)
    waiting(5)
    assert len(claim(mail, now=after(2))) == 1
    assert claim(mail, now=after(3)) == []
    assert not is_any_due(now=after(3))


@pytest.fixture
def _host_is_asked(settings) -> None:
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)


@pytest.mark.usefixtures("_host_is_asked")
def test_the_host_is_asked_of_a_probe_before_it_goes(mail):
    open_it(mail)
    Event.objects.update(source_entity_type=JOB.type, source_entity_id=JOB.id)
    assert len(claim(mail, now=after(2))) == 1


@pytest.mark.usefixtures("_host_is_asked")
def test_asking_the_host_costs_no_query_for_each_address(mail):
    needed = []
    for count in (2, 6):
        Delivery.objects.all().delete()
        waiting(count)
        # Its addresses point to their server from the first claim on.
        settle(claim(mail), DOWN)
        Server.objects.update(failures=0, open_until=None)
        Delivery.objects.update(due_at=after(-60))
        with CaptureQueriesContext(connection) as queries:
            assert len(claim(mail)) == count
        needed.append(len(queries))
    assert needed[0] == needed[1]


@pytest.mark.usefixtures("committed")
def test_workers_that_claim_at_once_send_one_probe(mail):
    open_it(mail)
    waiting(5)

    def work() -> int:
        claimed = claim(mail, now=after(2))
        connections.close_all()
        return len(claimed)

    assert sum(at_once(*[work] * 3)) == 1


def test_a_probe_that_takes_long_is_followed_by_another(mail):
    open_it(mail)
    [first] = claim(mail, now=after(2))
    [second] = claim(mail, now=after(2) + servers.PROBE)
    assert first.outgoing.delivery != second.outgoing.delivery


def test_probes_leave_no_attempts_and_take_turns(mail):
    made, probed = open_it(mail), []
    for second in range(3, 12, 3):
        claimed = claim(mail, now=after(second))
        probed += [one.outgoing.delivery.pk for one in claimed]
        settle(claimed, DOWN, now=after(second))
    assert sorted(probed) == sorted(one.pk for one in made)
    assert Attempt.objects.count() == 0


def test_the_first_success_lets_all_go(mail):
    open_it(mail)
    waiting(5)
    settle(claim(mail, now=after(2)), SENT, now=after(2))
    assert (server().failures, server().failing_since) == (0, None)
    assert len(claim(mail, now=after(2))) == 7
    assert Delivery.objects.due_since(after(2)) is None


@pytest.mark.parametrize(("outcome", "pause"), [(DOWN, 2), (LOGIN, 60)])
def test_one_that_answers_is_asked_less_often(mail, outcome, pause):
    open_it(mail)
    settle(claim(mail, now=after(300)), outcome, now=after(300))
    assert server().open_until == after(300 + pause)


def test_an_answer_about_the_recipient_says_that_it_works(mail):
    open_it(mail)
    settle(claim(mail, now=after(2)), replace(REFUSED, http_status=550), now=after(2))
    assert server().failures == 0


def test_a_probe_that_says_nothing_is_followed_by_another(mail):
    open_it(mail)
    settle(claim(mail, now=after(2)), UNSAID, now=after(2))
    assert (server().failures, server().open_until) == (3, after(3))
    assert Attempt.objects.count() == 0


def test_what_is_no_failure_of_the_server_opens_nothing(mail):
    waiting(9, domain="one.example")
    settle(claim(mail), replace(UNSAID, http_status=450))
    assert server().failures == 0


def test_one_open_for_a_refusal_is_not_closed_by_the_same_to_another(mail):
    open_it(mail, replace(LOGIN, reason="mail_not_permitted", http_status=554, excerpt="RCPT: 554 no <a>"))
    settle(claim(mail, now=after(2)), replace(REFUSED, excerpt="RCPT: 554 no <b>"), now=after(2))
    assert (server().failures, server().reason) == (4, "mail_not_permitted")
    assert set(Delivery.objects.values_list("state", "tries")) == {("pending", 0)}
    settle(claim(mail, now=after(9)), replace(REFUSED, excerpt="RCPT: 550 no <b>"), now=after(9))
    assert server().failures == 0


def test_a_row_shows_what_it_waits_for(mail):
    open_it(mail)
    one = Delivery.objects.select_related("address__server").first()
    assert one is not None
    assert one.wait == (after(1), "server_down")


@pytest.mark.parametrize(("days", "state"), [(5, "dead"), (4, "pending")])
def test_what_waits_as_long_as_a_failure_of_ours_may_last_ends(mail, days, state):
    [made] = open_it(mail)[:1]
    Delivery.objects.filter(pk=made.pk).update(created_at=NOON)
    servers.end_what_waits_too_long(now=NOON + timedelta(days=days))
    made.refresh_from_db()
    assert (made.state, made.reason) == (state, "mail_server_unreachable")


def test_what_came_later_waits_on(mail):
    [made] = open_it(mail)[:1]
    Delivery.objects.update(created_at=after(60))
    servers.end_what_waits_too_long(now=NOON + timedelta(days=5))
    made.refresh_from_db()
    assert made.state == "pending"


def test_each_channel_names_its_servers(owner):
    assert channels.named("email").server_of(address(owner, kind="email")) == "smtp"
    assert channels.named("webhook").server_of(address(owner, kind="webhook")) == ""
    slack = providers.read("slack://T000/B000/abc", is_staff=False).masked
    assert channels.named("chat").server_of(address(owner, target=slack)) == "slack"
    assert channels.named("chat").server_of(address(owner, target="json://intranet/…")) == ""
