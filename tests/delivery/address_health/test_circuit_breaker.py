"""An address that fails is left alone for a while, probed, told of, and in the end switched off."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery import addresses, channels
from delivery.address_health import circuit_breaker
from delivery.channels import Outcome, Whose
from delivery.models import Address, Delivery
from delivery.outbox import outbox
from delivery.outbox.claim import is_any_due
from events.bus import Entity
from events.models import Event, Membership
from notifications.models import Notification
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.fakes.channel import FAILED, SENT
from tests.delivery.manual_sender import claim, deliver, settle
from tests.notifications.factories.routing import route, store_preference

pytestmark = pytest.mark.django_db


DAY = 86_400


def failing(user, *, failures: int = circuit_breaker.OPENS_AFTER, since: float = -60, **fields: object) -> Address:
    return address(user, failures=failures, failing_since=after(since), **fields)


def due(pk: int):
    return Delivery.objects.values_list("due_at", "reason").get(pk=pk)


def test_five_failures_in_a_row_open_it(owner, fake):
    box = address(owner)
    for _ in range(circuit_breaker.OPENS_AFTER):
        delivery(box)
    settle(claim(fake), FAILED)
    settle(claim(fake), FAILED)
    box.refresh_from_db()
    assert (box.failures, box.open_until) == (5, NOON + circuit_breaker.SHORTEST_PAUSE)


def test_while_it_is_open_what_is_due_waits_and_fails_nothing(owner, fake):
    made = delivery(failing(owner, open_until=after(10)))
    assert claim(fake) == []
    assert due(made.pk) == (NOON, "")
    assert (made.wait, made.attempts.count()) == ((after(10), "breaker_open"), 0)


def test_half_open_it_lets_one_probe_through(owner, fake):
    box = failing(owner, open_until=after(-1))
    for _ in range(3):
        delivery(box)
    assert len(claim(fake)) == 1
    assert claim(fake) == []


def test_the_probe_s_success_closes_it_and_all_that_waited_is_due(owner, fake):
    box = failing(owner, open_until=after(-1))
    probe, waiting = delivery(box, due_at=after(-9)), delivery(box)
    assert settle(claim(fake), SENT) == 1
    box.refresh_from_db()
    assert (box.failures, box.open_until, box.failing_since) == (0, NOON, None)
    assert Delivery.objects.get(pk=probe.pk).state == "sent"
    assert [one.outgoing.delivery for one in claim(fake)] == [waiting]


def test_opening_and_closing_touch_no_row_of_what_waits(owner, fake):
    box = failing(owner, open_until=after(-1))
    for _ in range(3):
        delivery(box)
    with CaptureQueriesContext(connection) as opened:
        settle(claim(fake, free=1), FAILED)
        assert claim(fake, now=after(1)) == []
    with CaptureQueriesContext(connection) as closed:
        settle(claim(fake, free=1, now=after(60)), SENT, now=after(60))
    written = [query["sql"] for query in (*opened, *closed) if query["sql"].startswith("UPDATE deliveries")]
    assert len(written) <= 4
    assert Delivery.objects.filter(state="pending", due_at=NOON, reason="").count() == 2


def test_what_waits_is_late_only_since_it_could_be_tried(owner, fake):
    box = failing(owner, open_until=after(-1))
    for _ in range(2):
        delivery(box, due_at=after(-3600))
    assert Delivery.objects.due_since(NOON) == after(-1)
    settle(claim(fake), SENT)
    assert Delivery.objects.due_since(NOON) == NOON


def test_what_waits_wakes_nobody(owner, fake):
    delivery(failing(owner, open_until=after(1)))
    delivery(address(owner, rate_per_second=1, paced_until=after(1)))
    assert not is_any_due(now=NOON)
    assert Delivery.objects.due_since(NOON) is None
    assert is_any_due(now=after(1))


def test_a_probe_that_fails_uses_up_no_try_and_lets_another_go_next(owner, fake):
    box = failing(owner, open_until=after(-1))
    probe, other = delivery(box, tries=3, due_at=after(-9)), delivery(box, due_at=after(-8))
    settle(claim(fake), FAILED)
    probe.refresh_from_db()
    assert (probe.state, probe.tries, probe.reason, probe.attempts.count()) == ("pending", 3, "http_5xx", 1)
    assert [one.outgoing.delivery for one in claim(fake, now=after(60))] == [other]


def test_a_probe_comes_no_earlier_than_its_receiver_asks(owner, fake):
    probe = delivery(failing(owner, open_until=after(-1)))
    settle(claim(fake), Outcome("retry", "too_many_requests", retry_at=after(600)))
    assert due(probe.pk)[0] == after(600)


def test_a_final_answer_to_a_probe_ends_it(owner, fake):
    probe = delivery(failing(owner, open_until=after(-1)))
    settle(claim(fake), Outcome("dead", "recipient_refused"))
    probe.refresh_from_db()
    assert probe.state == "dead"


def test_a_test_s_success_lets_what_waited_go_too(owner, fake):
    box = failing(owner, open_until=after(3600))
    waiting = delivery(box)
    outbox.enqueue(box, purpose=Delivery.Purpose.TEST, now=NOON)
    deliver(fake)
    assert [one.outgoing.delivery for one in claim(fake)] == [waiting]


def test_a_test_s_failure_is_told_as_any_other(owner, fake):
    box = failing(owner, open_until=after(3600))
    made = outbox.enqueue(box, purpose=Delivery.Purpose.TEST, now=NOON)
    settle(claim(fake), FAILED)
    made.refresh_from_db()
    assert (made.tries, made.attempts.count()) == (1, 1)


def test_switching_it_on_again_lets_it_go_too(owner, fake):
    box = failing(owner, open_until=after(3600), is_enabled=False)
    waiting = delivery(box)
    addresses.change(owner.pk, address_id=box.pk, is_enabled=True, now=NOON)
    deliver(fake)
    assert Delivery.objects.get(pk=waiting.pk).state == "sent"


def test_what_failed_by_itself_keeps_its_own_time_when_the_breaker_closes(owner, fake):
    box = failing(owner, open_until=after(-1))
    delivery(box)
    failed = delivery(box, due_at=after(7200), tries=3, reason="http_5xx")
    deliver(fake)
    assert due(failed.pk) == (after(7200), "http_5xx")


def test_what_waited_comes_at_the_rate_of_its_address(owner, fake):
    box = failing(owner, open_until=after(-1), rate_per_second=2)
    for _ in range(6):
        delivery(box)
    probe = delivery(box, due_at=after(-9))
    deliver(fake)
    starts = [len(deliver(fake, now=after(seconds))) for seconds in (0, 0.5, 1, 3, 4)]
    assert starts == [1, 1, 1, 2, 1]
    assert probe.attempts.count() == 1


def test_what_waited_comes_as_far_as_its_address_has_room(owner, fake):
    box = failing(owner, open_until=after(-1))
    for _ in range(fake.per_address + 1):
        delivery(box)
    delivery(box)
    deliver(fake)
    assert len(claim(fake)) == fake.per_address
    assert claim(fake) == []


def test_the_longer_it_fails_the_longer_it_is_left_alone(owner, fake):
    box = failing(owner, since=-600)
    delivery(box)
    settle(claim(fake), FAILED)
    box.refresh_from_db()
    assert box.open_until == after(300)


def test_what_was_in_flight_when_it_opened_does_not_open_it_longer(owner):
    box = failing(owner, open_until=after(10))
    circuit_breaker.record_failure(box, now=after(5))
    assert box.open_until == after(10)


def test_a_test_is_tried_at_once_before_all_that_waits(owner, fake):
    box = failing(owner, open_until=after(3600))
    delivery(box, due_at=after(-60))
    made = outbox.enqueue(box, purpose=Delivery.Purpose.TEST, now=NOON)
    deliver(fake)
    made.refresh_from_db()
    assert made.state == "sent"


def test_an_address_that_failed_last_has_room_for_one(owner, fake):
    box = failing(owner, failures=1)
    for _ in range(3):
        delivery(box)
    assert len(claim(fake)) == 1


def test_its_owner_is_told_once_a_day_when_something_dies(owner, fake):
    box = address(owner)
    for _ in range(2):
        delivery(box, tries=3)
    settle(claim(fake), FAILED)
    [event] = Event.objects.filter(event_type__name="system.address_failing")
    assert (event.source, event.payload["reason"]) == (
        Entity("address", box.pk),
        "The receiver answered with a server error. Check its log.",
    )
    assert Membership.objects.get(entity_type="address", entity_id=box.pk).user == owner


def test_the_news_reaches_the_owner_over_feed_and_mail(owner, fake):
    delivery(address(owner), tries=3)
    settle(claim(fake), FAILED)
    route(*Event.objects.filter(event_type__name="system.address_failing"))
    told = Notification.objects.filter(user=owner, event__event_type__name="system.address_failing")
    assert set(told.values_list("channel", flat=True)) == {"in_app", "email"}


def test_it_is_not_told_over_the_address_that_fails(owner, fake):
    box = address(owner)
    delivery(box, tries=3)
    settle(claim(fake), FAILED)
    event = Event.objects.get(event_type__name="system.address_failing")
    told = delivery(box, of=Notification.objects.create(event=event, user=owner, channel="fake"))
    Address.objects.update(failures=0)
    deliver(fake)
    told.refresh_from_db()
    assert (told.state, told.reason) == ("skipped", "about_itself")


@pytest.mark.parametrize(
    ("failures", "seconds", "is_enabled"),
    [
        (9, 5 * DAY, False),
        (8, 5 * DAY, True),
        (9, 5 * DAY - 1, True),
        (99, 5 * DAY - 1, True),
        (8, 30 * DAY, True),
        (9, 30 * DAY, False),
    ],
)
def test_it_is_switched_off_on_time_and_evidence(owner, fake, failures, seconds, is_enabled):
    box = failing(owner, failures=failures, since=-seconds)
    delivery(box)
    settle(claim(fake), FAILED)
    box.refresh_from_db()
    assert (box.is_enabled, box.disabled_reason) == (is_enabled, "" if is_enabled else "failing")
    assert Event.objects.filter(event_type__name="system.address_disabled").exists() is not is_enabled


def test_a_success_in_between_takes_time_and_evidence_back(owner, fake):
    box = failing(owner, failures=9, since=-30 * DAY)
    for outcome in (SENT, FAILED):
        delivery(box)
        settle(claim(fake), outcome)
    box.refresh_from_db()
    assert (box.is_enabled, box.failures, box.failing_since) == (True, 1, NOON)


def test_our_own_failures_are_no_evidence(owner, fake):
    box = failing(owner, failures=9, since=-30 * DAY)
    delivery(box)
    settle(claim(fake), Outcome("retry", "our_dns", whose=Whose.OURS))
    box.refresh_from_db()
    assert (box.is_enabled, box.failures) == (True, 9)


def test_that_it_is_off_is_told_over_every_other_address(owner):
    store_preference(owner, "system.address_disabled", channels=["in_app", "email", "webhook"])
    working = address(owner, kind="webhook")
    box = failing(owner, failures=9, since=-5 * DAY, kind="webhook")
    delivery(box)
    settle(claim(channels.named("webhook")), FAILED)
    event = Event.objects.get(event_type__name="system.address_disabled")
    assert (event.source, event.payload["target"]) == (Entity("address", box.pk), box.target)
    route(event)
    told = Notification.objects.filter(user=owner, event=event)
    assert set(told.values_list("channel", flat=True)) == {"in_app", "email", "webhook"}
    opened = Delivery.objects.filter(notification__event=event)
    assert set(opened.filter(kind="webhook").values_list("address", flat=True)) == {working.pk}
    assert opened.filter(kind="email").count() == 1


def test_one_that_is_gone_is_switched_off_at_once(owner, fake):
    box = address(owner)
    made = delivery(box)
    settle(claim(fake), Outcome("dead", "gone", http_status=410, disables=True))
    box.refresh_from_db()
    made.refresh_from_db()
    assert (box.is_enabled, box.disabled_reason, made.state) == (False, "gone", "dead")
    assert Event.objects.filter(event_type__name="system.address_disabled").exists()


def test_what_was_pending_for_it_is_skipped(owner, fake):
    made = delivery(address(owner, is_enabled=False))
    assert claim(fake) == []
    made.refresh_from_db()
    assert (made.state, made.reason) == ("skipped", "address_disabled")


def test_a_success_that_says_nothing_new_is_not_written_down(owner, fake):
    box = address(owner, last_success_at=after(-10))
    delivery(box)
    settle(claim(fake), SENT)
    box.refresh_from_db()
    assert box.last_success_at == after(-10)


def test_a_rate_lets_so_many_start_and_puts_the_others_off(owner, fake):
    box = address(owner, rate_per_second=2)
    for _ in range(4):
        delivery(box)
    assert len(claim(fake)) == 2
    assert claim(fake) == []
    waiting = Delivery.objects.filter(state="pending")
    assert {one.wait for one in waiting} == {(after(0.5), "rate_limited")}
    assert set(waiting.values_list("due_at", "reason")) == {(NOON, "")}
    assert len(claim(fake, now=after(1))) == 2
