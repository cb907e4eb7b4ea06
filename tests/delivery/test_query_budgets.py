"""What is promised of the number of queries holds in each branch, however many rows there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from delivery import addresses
from delivery.address_health import circuit_breaker
from delivery.channels import Frozen, Outcome, Outgoing, Whose
from delivery.channels.email import unsubscribe
from delivery.models import Address, Delivery, Server
from delivery.monitoring.backlog import backlog
from delivery.outbox import load, outbox
from delivery.outbox.account_addresses import follow_accounts, move_unsent
from delivery.pages import attempts, channel_status, delivery_list
from delivery.reporting import explanation, history
from delivery.retention import limits
from delivery.retention.tables import Events, Notifications
from delivery.signed_links import Subscription
from delivery.sweep import sweep
from events.accounts import User
from events.models import EventType
from notifications.channels import Opened
from notifications.models import Notification, Summary
from notifications.pages.inbox_status import status_of
from tests.conftest import person
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.fakes.channel import FAILED, SENT, FakeChannel, installed
from tests.delivery.manual_sender import claim, settle
from tests.notifications.factories.routing import store_preference

pytestmark = pytest.mark.django_db

FEW, MANY = 2, 12


class Unrenderable(FakeChannel):
    """Can't put summaries into words."""

    def freeze(self, outgoing: Outgoing) -> Frozen:
        if outgoing.summary is not None:
            raise ValueError("no")
        return super().freeze(outgoing)


class OverServer(FakeChannel):
    """Has a server that waits for a probe."""

    def __init__(self) -> None:
        super().__init__(server="s")
        failing = {"failures": 9, "failing_since": after(-60), "open_until": after(-1)}
        Server.objects.update_or_create(name="s", defaults=failing)


_numbers = count()


def queries(act: Callable[..., object], *arguments: Any, **options: Any) -> int:
    with CaptureQueriesContext(connection) as captured:
        act(*arguments, **options)
    return sum(not query["sql"].startswith(("SAVEPOINT", "RELEASE")) for query in captured.captured_queries)


def people(many: int) -> Iterator[User]:
    return (person(f"person {next(_numbers)}") for _ in range(many))


def plain(many: int) -> None:
    for user in people(many):
        to = address(user)
        for _ in range(3):
            delivery(to)


def breaker_open(many: int) -> None:
    for user in people(many):
        to = address(user, open_until=after(60), failures=circuit_breaker.OPENS_AFTER)
        for _ in range(3):
            delivery(to)


def rate_used_up(many: int) -> None:
    for user in people(many):
        delivery(address(user, rate_per_second=1, paced_until=after(9)))


def rated(many: int) -> None:
    for user in people(many):
        delivery(address(user, rate_per_second=2))


def failing(many: int) -> None:
    for user in people(many):
        delivery(address(user, failures=9, failing_since=after(-60), open_until=after(-1)), tries=2, body=b"as before")


def unwanted(many: int) -> None:
    for number, user in enumerate(people(many)):
        delivery(address(user, is_enabled=False))
        delivery(address(user, verified_at=None))
        to = address(user)
        delivery(to, of=notification(user, is_read=True))
        if number % 2:
            store_preference(user, "job.completed", is_enabled=False)
            delivery(to)
        else:
            get_user_model().objects.filter(pk=user.pk).update(is_active=False)


def summaries(many: int) -> None:
    for user in people(many):
        summary = Summary.objects.create(user=user, kind="dnd", window="w", count=2)
        notification(user, summary=summary, hold="none")
        to = address(user)
        Delivery.objects.create(address=to, kind=to.kind, purpose="summary", summary=summary, due_at=NOON)


def everything(many: int) -> None:
    for scene in SCENES[:-1]:
        scene(many)


SCENES = [plain, breaker_open, rate_used_up, rated, failing, unwanted, summaries, everything]


@pytest.mark.parametrize("channel", [FakeChannel, Unrenderable, OverServer])
@pytest.mark.parametrize("scene", SCENES)
def test_a_claim(fake, channel, scene):
    needed = []
    for many in (FEW, MANY):
        scene(many)
        needed.append(queries(claim, channel(), free=400, retries=400))
        Address.objects.all().delete()
    assert needed[0] == needed[1] <= 27


def test_a_claim_without_anything_due(fake):
    assert queries(claim, fake) == 1


OUTCOMES = {
    "sent": SENT,
    "failed": FAILED,
    "ours": Outcome("retry", "our_dns", whose=Whose.OURS),
    "skipped": Outcome("skipped", "read"),
}


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
@pytest.mark.parametrize("scene", [plain, failing, summaries])
def test_settling(fake, scene, outcome):
    needed = []
    for many in (FEW, MANY):
        scene(many)
        claimed = claim(fake, free=400, retries=400)
        needed.append(queries(settle, claimed, outcome))
        Address.objects.all().delete()
    assert needed[0] == needed[1] <= 18, needed


def test_opening(fake):
    for channel in (fake, FakeChannel("fake mail", uses_account_email=True)):
        needed = []
        for many in (FEW, MANY):
            rows = [notification(user) for user in people(many)]
            opened = [Opened(row.pk, row.event_id, row.user_id, "fake") for row in rows]
            needed.append(queries(outbox.Opener(channel).open, opened))
        assert needed == [3 if channel.uses_account_email else 1] * 2


def test_sending_again(fake):
    for many in (FEW, MANY):
        for user in people(many):
            delivery(address(user), state="dead")
        ids = list(Delivery.objects.values_list("pk", flat=True))
        assert queries(outbox.resend, ids, now=NOON) == 2


def test_a_sweep_that_finds_nothing(fake):
    assert queries(sweep) <= 8


def test_the_backlog(fake):
    for many in (FEW, MANY):
        plain(many)
        assert queries(backlog, now=NOON) == 6


def test_history(fake):
    for many in (FEW, MANY):
        plain(many)
        rows = history.page(None)
        assert queries(history.page, None) == 2
        assert queries(lambda rows: [history.as_json(row) for row in rows], rows) == 0


@pytest.mark.parametrize("is_told", [True, False])
def test_an_explanation(fake, owner, is_told):
    needed = []
    for many in (FEW, MANY):
        rows = [notification(user, channel="in_app") for user in people(many)]
        event = explanation.load(rows[0].event_id)
        if is_told:
            Notification.objects.filter(pk__in=[row.pk for row in rows]).update(event=event)
            for row in rows:
                delivery(address(row.user), of=row)
        needed.append(queries(explanation.explain, event, now=NOON))
    assert needed[0] == needed[1] <= 34


@pytest.mark.parametrize("event_type", ["job.completed", None])
def test_a_subscription(owner, event_type):
    pk = EventType.objects.get(name=event_type).pk if event_type else None
    assert queries(unsubscribe.status, Subscription(owner.pk, pk)) <= 4


def test_a_person_s_addresses(owner, fake):
    for _ in range(MANY):
        address(owner)
    addresses.of(owner)
    assert queries(addresses.of, owner) == 1


def test_loading_what_a_batch_needs(fake):
    for many in (0, FEW, MANY):
        for user in people(many):
            delivery(address(user), of=notification(user))
        summaries(many)
        batch = list(Delivery.objects.select_related("address", "notification", "summary"))
        assert queries(load.outgoing, batch, now=NOON) <= 16


def test_following_accounts(fake):
    for many in (1, MANY):
        assert queries(follow_accounts, "email", [user.pk for user in people(many)]) == 2


def test_what_follows_accounts_that_changed(fake):
    mail, needed = FakeChannel("fake mail", uses_account_email=True), []
    with installed(mail):
        for many in (FEW, MANY):
            for user in people(many):
                delivery(address(user, kind=mail.name, is_account=True, target="old@example.com"))
            needed.append(queries(move_unsent, after=0, now=NOON))
    assert needed[0] == needed[1] <= 15, needed


def test_the_status_of_channels(owner, fake):
    # Makes an address of the account's e-mail.
    addresses.of(owner)
    for many in (0, FEW, MANY):
        for _ in range(many):
            address(owner, target=f"target {next(_numbers)}")
        assert queries(channel_status.statuses_of, status_of(owner.pk, now=NOON)) <= 2


@pytest.mark.parametrize("state", ["", "held", "dead"])
def test_a_page_of_deliveries(owner, fake, state):
    to, filters = address(owner), delivery_list.Filters(state)
    for many in (0, FEW, MANY):
        for _ in range(many):
            delivery(to, of=notification(owner), state="dead")
            notification(owner, hold="dnd")
        inbox, known = status_of(owner.pk, now=NOON), delivery_list.known_to(owner.pk)
        assert queries(delivery_list.page_of, inbox, filters=filters, known=known, for_staff=True) <= 6


def test_attempts_that_are_loaded(owner, fake):
    one = delivery(address(owner))
    [loaded] = Delivery.objects.filter(pk=one.pk).prefetch_related("attempts")
    inbox = status_of(owner.pk, now=NOON)
    assert queries(attempts.attempts_of, loaded, now=NOON, zone=inbox.zone, for_staff=True) == 0


def test_walking_old_rows(owner, fake):
    for many in (0, FEW, MANY):
        for _ in range(many):
            notification(owner)
        batches = Notifications(limits.by_age(NOON)).batches()
        assert queries(next, batches, None) == 1


def test_the_rule_of_events():
    step = Events(limits.by_age(NOON), pointing=(Notification.objects.all(), Delivery.objects.all()), among=Q())
    assert queries(step.is_past) == 1
    assert queries(step.may_go) == 1
