"""What a failure costs a delivery and its address, by whose it was."""

from __future__ import annotations

import pytest

from delivery.channels import Outcome, Whose
from delivery.models import Delivery
from delivery.outbox import outbox
from events.models import Event
from tests.delivery.factories.deliveries import NOON, address, after, delivery
from tests.delivery.manual_sender import claim, deliver, settle

pytestmark = pytest.mark.django_db

DAY = 86_400
OURS = Outcome("retry", "our_dns", whose=Whose.OURS)


def test_our_own_failure_counts_for_nothing(owner, fake):
    to = address(owner)
    made = delivery(to)
    settle(claim(fake), OURS)
    made.refresh_from_db()
    to.refresh_from_db()
    assert (made.state, made.tries, to.failures) == ("pending", 0, 0)
    assert made.due_at >= after(5)


def test_an_unknown_failure_uses_a_try_and_blames_nobody(owner, fake):
    to = address(owner)
    made = delivery(to)
    settle(claim(fake), Outcome("retry", "answer_lost", whose=Whose.UNKNOWN))
    made.refresh_from_db()
    to.refresh_from_db()
    assert (made.state, made.tries, to.failures) == ("pending", 1, 0)


def test_copies_whose_answers_are_always_lost_come_to_an_end(owner, fake):
    to = address(owner)
    made = delivery(to)
    fake.answers[to.pk] = [Outcome("retry", "answer_lost", whose=Whose.UNKNOWN)] * 9
    for seconds in range(0, 90, 10):
        deliver(fake, now=after(seconds))
    made.refresh_from_db()
    to.refresh_from_db()
    assert (made.state, len(fake.sent), to.failures) == ("dead", 4, 0)


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([0, 5 * DAY - 1], "pending"),
        ([0, 5 * DAY], "dead"),
        # It only waited.
        ([9 * DAY], "pending"),
    ],
)
def test_what_fails_by_our_doing_ends_after_five_days(owner, fake, times, expected):
    to = address(owner)
    made = delivery(to, created_at=NOON)
    for seconds in times:
        assert settle(claim(fake, now=after(seconds)), OURS, now=after(seconds)) == 1
    made.refresh_from_db()
    to.refresh_from_db()
    assert (made.state, made.tries, to.failures) == (expected, 0, 0)
    assert not Event.objects.filter(event_type__name="system.address_failing").exists()


def test_asked_for_again_it_has_five_more_days(owner, fake):
    made = delivery(address(owner), created_at=NOON)
    settle(claim(fake), OURS)
    Delivery.objects.update(state="dead")
    outbox.resend([made.pk], now=after(6 * DAY))
    settle(claim(fake, now=after(6 * DAY)), OURS, now=after(6 * DAY))
    made.refresh_from_db()
    assert made.state == "pending"
