"""A delivery from its claim to its end."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from delivery.channels import Outcome
from delivery.models import Attempt, Delivery
from delivery.outbox import lease, outbox, rescue
from notifications.models import Notification
from tests.delivery.factories.deliveries import NOON, address, after, delivery, notification
from tests.delivery.fakes.channel import FAILED, SENT
from tests.delivery.manual_sender import claim, deliver, settle

pytestmark = pytest.mark.django_db


def outcomes(of: Delivery) -> list[str]:
    return list(of.attempts.order_by("id").values_list("outcome", flat=True))


def test_it_is_sent_and_its_notification_delivered(owner, fake):
    row = notification(owner)
    made = delivery(address(owner), of=row)
    deliver(fake)
    made.refresh_from_db()
    row.refresh_from_db()
    assert (made.state, made.tries, made.settled_at, outcomes(made)) == ("sent", 1, NOON, ["sent"])
    assert (row.is_delivered, row.delivered_at) == (True, NOON)


def test_the_attempt_is_written_before_it_is_sent(owner, fake):
    made = delivery(address(owner))
    [claimed] = claim(fake)
    made.refresh_from_db()
    assert (made.state, outcomes(made)) == ("sending", ["started"])
    assert made.lease_until == NOON + lease.LEASE
    assert claimed.token == made.claim_token


def test_what_is_not_due_yet_waits(owner, fake):
    delivery(address(owner), due_at=after(1))
    assert claim(fake) == []
    assert len(claim(fake, now=after(1))) == 1


def test_another_channel_s_is_left_alone(owner, fake):
    delivery(address(owner, kind="fax"))
    assert claim(fake) == []


def test_every_attempt_sends_the_same_bytes_under_the_same_id(owner, fake):
    to = address(owner)
    made = delivery(to)
    fake.answers[to.pk] = [FAILED, FAILED]
    for seconds in (0, 5, 10):
        deliver(fake, now=after(seconds))
    assert [pk for pk, _body in fake.sent] == [made.pk] * 3
    assert len({body for _pk, body in fake.sent}) == 1


def test_the_short_schedule_is_one_attempt_and_three_retries(owner, fake):
    to = address(owner)
    made = delivery(to)
    fake.answers[to.pk] = [FAILED] * 9
    seconds = [0.0]
    for _ in range(4):
        deliver(fake, now=after(seconds[-1]))
        made.refresh_from_db()
        if made.state != "pending":
            break
        seconds.append((made.due_at - NOON).total_seconds())
    waits = [later - earlier for earlier, later in itertools.pairwise(seconds)]
    assert (made.state, made.tries, made.reason) == ("dead", 4, "http_5xx")
    assert [int(wait) for wait in waits] == [1, 2, 4]
    assert outcomes(made) == ["retry", "retry", "retry", "dead"]


def test_what_the_receiver_asked_for_is_never_undercut(owner, fake):
    made = delivery(address(owner))
    settle(claim(fake), Outcome("retry", "too_many_requests", retry_at=after(600)))
    made.refresh_from_db()
    assert made.due_at == after(600)
    assert made.attempts.get().next_at == after(600)


def test_a_final_answer_ends_it_at_once(owner, fake):
    made = delivery(address(owner))
    settle(claim(fake), Outcome("dead", "refused"))
    made.refresh_from_db()
    assert (made.state, made.reason) == ("dead", "refused")


def test_it_settles_only_what_it_still_holds(owner, fake):
    made = delivery(address(owner))
    claimed = claim(fake)
    Delivery.objects.update(claim_token=uuid.uuid4())
    assert settle(claimed, SENT) == 0
    made.refresh_from_db()
    assert (made.state, outcomes(made)) == ("sending", ["superseded"])
    assert not Notification.objects.get().is_delivered


def test_a_lost_worker_s_attempt_is_unknown_and_made_again(owner, fake):
    made = delivery(address(owner))
    claim(fake)
    later = NOON + lease.LEASE + timedelta(seconds=1)
    assert rescue.rescue(now=NOON) == []
    assert len(rescue.rescue(now=later)) == 1
    deliver(fake, now=later)
    made.refresh_from_db()
    assert (made.state, made.tries, outcomes(made)) == ("sent", 1, ["unknown", "sent"])


def test_an_outcome_that_comes_after_the_rescue_counts_while_nobody_else_is_at_it(owner, fake):
    made = delivery(address(owner))
    claimed = claim(fake)
    later = NOON + lease.LEASE + timedelta(seconds=1)
    rescue.rescue(now=later)
    assert [settle(claimed, SENT, now=later) for _ in range(2)] == [1, 0]
    made.refresh_from_db()
    assert (made.state, made.tries, outcomes(made), claim(fake, now=later)) == ("sent", 1, ["sent"], [])


def test_a_retry_that_was_settled_is_not_settled_twice(owner, fake):
    """Whether a commit went through is unknown where its answer was lost."""
    made = delivery(address(owner))
    claimed = claim(fake)
    assert [settle(claimed, FAILED) for _ in range(2)] == [1, 0]
    made.refresh_from_db()
    assert (made.tries, outcomes(made)) == (1, ["retry"])


def test_one_that_takes_its_worker_along_each_time_ends_dead(owner, fake):
    made = delivery(address(owner))
    now = NOON
    for _ in range(rescue.MOST_UNKNOWN):
        assert claim(fake, now=now)
        now += timedelta(minutes=2)
        rescue.rescue(now=now - timedelta(minutes=1))
    made.refresh_from_db()
    assert (made.state, made.reason) == ("dead", "interrupted")


def test_what_was_claimed_and_not_begun_leaves_no_trace(owner, fake):
    made = delivery(address(owner))
    rescue.release(claim(fake))
    made.refresh_from_db()
    assert (made.state, made.claim_token, Attempt.objects.count()) == ("pending", None, 0)


@pytest.fixture
def unfinished(fake, owner, monkeypatch) -> list[bool]:
    """As long as it holds something, nothing can be rendered for the owner."""
    freeze, broken = fake.freeze, [True]
    monkeypatch.setattr(fake, "freeze", lambda one: 1 / 0 if broken and one.user == owner else freeze(one))
    return broken


def test_one_that_can_not_be_rendered_waits_and_keeps_no_other_from_going(owner, member, fake, unfinished):
    broken, whole = delivery(address(owner)), delivery(address(member))
    deliver(fake)
    broken.refresh_from_db()
    whole.refresh_from_db()
    assert (broken.state, broken.reason, broken.tries) == ("pending", "cannot_render", 0)
    assert whole.state == "sent"


def test_it_goes_once_it_can_be_rendered(owner, fake, unfinished):
    made = delivery(address(owner))
    deliver(fake)
    unfinished.clear()
    deliver(fake, now=after(60))
    made.refresh_from_db()
    assert (made.state, outcomes(made)) == ("sent", ["sent"])


def test_what_can_not_be_rendered_for_five_days_is_dead(owner, fake, unfinished):
    made = delivery(address(owner))
    Delivery.objects.update(created_at=NOON)
    deliver(fake, now=after(5 * 86_400))
    made.refresh_from_db()
    assert (made.state, made.reason) == ("dead", "cannot_render")


def test_sent_again_it_is_the_same(owner, fake):
    made = delivery(address(owner))
    deliver(fake)
    assert outbox.resend([made.pk], now=after(60)) == [made.pk]
    deliver(fake, now=after(60))
    assert fake.sent[0] == fake.sent[1]
    assert outcomes(made) == ["sent", "sent"]


def test_what_was_sent_is_not_sent_again_within_a_minute(owner, fake):
    made = delivery(address(owner))
    deliver(fake)
    assert outbox.resend([made.pk], now=after(59)) == []


@pytest.mark.parametrize(("seconds", "again"), [(59, 0), (60, 1)])
def test_what_died_is_sent_again_at_once_and_then_rests(owner, fake, seconds, again):
    made = delivery(address(owner), state="dead", settled_at=NOON)
    assert outbox.resend([made.pk], now=NOON) == [made.pk]
    Delivery.objects.update(state="dead")
    assert len(outbox.resend([made.pk], now=after(seconds))) == again


@pytest.mark.parametrize("purpose", ["test", "confirmation"])
def test_tests_and_confirmations_are_not_sent_again(owner, purpose):
    made = delivery(address(owner), state="dead", purpose=purpose)
    assert outbox.resend([made.pk], now=NOON) == []


def test_what_is_on_its_way_is_not_sent_again(owner):
    made = delivery(address(owner))
    assert outbox.resend([made.pk], now=NOON) == []


def test_the_number_of_queries_does_not_depend_on_the_deliveries(owner, fake):
    def queries(count: int) -> int:
        for _ in range(count):
            delivery(address(owner))
        with CaptureQueriesContext(connection) as captured:
            settle(claim(fake), SENT)
        return len(captured)

    assert queries(1) == queries(15)
