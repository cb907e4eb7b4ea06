"""Digests of destinations: what came within the hour or the day goes in one message, and fails and is resent in one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from delivery import channels
from delivery.channels import Frozen, Outcome
from delivery.models import Delivery, Destination
from delivery.outbox import digest, outbox, recover
from events.bus import NewEvent, publish_many, withdraw
from events.models import Event
from tests.delivery.factories.deliveries import destination
from tests.delivery.fakes.channel import FAILED
from tests.delivery.manual_sender import claim, deliver_all, settle
from tests.notifications.factories.routing import JOB, define, publish_and_route, route

pytestmark = pytest.mark.django_db

SENT = Outcome("sent")
TOMORROW = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def hourly() -> Destination:
    row = destination()
    Destination.objects.update(digest="hourly")
    return row


def events(count: int) -> list[Event]:
    publish_many([NewEvent("job.completed", JOB, None, {"name": f"Shot {number}"}) for number in range(count)])
    made = list(Event.objects.order_by("pk"))
    route(*made)
    return made


def states() -> list[tuple[str, str, int]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "reason", "count"))


def test_nothing_goes_before_the_hour_is_full(fake, hourly):
    [event] = events(1)
    assert claim(fake, now=event.created_at) == []
    [row] = Delivery.objects.all()
    assert (row.reason, row.due_at.minute) == ("in_digest", 0)
    assert event.created_at < row.due_at <= event.created_at + timedelta(hours=1)


def test_a_daily_one_goes_at_eight_on_the_site_s_clock(hourly, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    Destination.objects.update(digest="daily")
    events(1)
    assert Delivery.objects.get().due_at.astimezone(UTC).hour == 23


def test_all_that_is_due_goes_in_one_message(fake, hourly):
    made = events(3)
    [claimed] = claim(fake, now=TOMORROW)
    assert claimed.outgoing.gathered == made
    settle([claimed], SENT, now=TOMORROW)
    assert states() == [("sent", "", 3), ("skipped", "in_digest", 1), ("skipped", "in_digest", 1)]


def test_one_alone_goes_as_it_is(fake, hourly):
    events(1)
    [claimed] = claim(fake, now=TOMORROW)
    assert claimed.outgoing.gathered == []


def test_what_is_critical_goes_at_once_and_alone(fake, hourly):
    events(1)
    define("disk.burns", is_critical=True)
    critical = publish_and_route("disk.burns")
    [claimed] = claim(fake, now=datetime.now(UTC) + timedelta(seconds=1))
    assert (claimed.outgoing.event, claimed.outgoing.gathered) == (critical, [])


def test_what_is_more_than_has_room_goes_in_the_next(fake, hourly, monkeypatch):
    monkeypatch.setattr(digest, "MOST", 2)
    events(5)
    assert deliver_all(fake, now=TOMORROW) == 3
    assert [count for state, _reason, count in states() if state == "sent"] == [2, 2, 1]


def test_what_was_withdrawn_meanwhile_isn_t_in_it(fake, hourly):
    first, second, third = events(3)
    withdraw(first)
    [claimed] = claim(fake, now=TOMORROW)
    assert claimed.outgoing.gathered == [second, third]


def test_it_fails_and_is_tried_again_with_the_same_bytes_whatever_became_of_its_first_event(fake, hourly):
    first, *_others = events(3)
    [claimed] = claim(fake, now=TOMORROW)
    before = bytes(claimed.outgoing.delivery.body or b"")
    settle([claimed], FAILED, now=TOMORROW)
    withdraw(first)
    [again] = claim(fake, now=TOMORROW + timedelta(hours=1))
    assert (bytes(again.outgoing.delivery.body or b""), again.outgoing.delivery.count) == (before, 3)


def test_what_can_t_be_written_takes_no_other_with_it(fake, hourly, monkeypatch):
    events(2)
    monkeypatch.setattr(fake, "freeze", lambda outgoing: 1 / 0)
    assert claim(fake, now=TOMORROW) == []
    assert [(state, count) for state, _reason, count in states()] == [("pending", 1), ("pending", 1)]


def test_a_recovery_sends_the_message_again_and_not_what_it_carries(fake, hourly):
    events(3)
    claim(fake, now=TOMORROW)
    Delivery.objects.filter(count=3).update(state="dead")
    recovered = recover.recover(hourly.address, since=TOMORROW - timedelta(days=2), now=TOMORROW)
    assert (recovered, [state for state, *_rest in states()]) == (1, ["pending", "skipped", "skipped"])


def test_one_that_is_resent_by_itself_goes_by_itself(fake, hourly):
    events(3)
    settle(claim(fake, now=TOMORROW), SENT, now=TOMORROW)
    last = Delivery.objects.latest("pk")
    later = TOMORROW + timedelta(hours=1)
    assert outbox.resend([last.pk], now=later) == [last.pk]
    [claimed] = claim(fake, now=later)
    assert (claimed.outgoing.delivery, claimed.outgoing.gathered) == (last, [])


@pytest.mark.parametrize(("form", "where"), [("", ("events",)), ("cloudevents", ("data", "events"))])
def test_a_webhook_brings_each_event_whole(fake, hourly, form, where):
    events(2)
    [claimed] = claim(fake, now=TOMORROW)
    claimed.outgoing.address.format = form
    body = said = json.loads(frozen("webhook", claimed.outgoing).body)
    for name in where:
        said = said[name]
    assert [one["payload"]["name"] for one in said] == ["Shot 0", "Shot 1"]
    assert "carillon.digest" in (body.get("event_type"), body.get("type"))


def test_a_chat_has_a_line_for_each(fake, hourly):
    events(12)
    [claimed] = claim(fake, now=TOMORROW)
    text = json.loads(frozen("chat", claimed.outgoing).body)["body"]
    assert [f"Shot {number} finished" in text for number in (0, 11)] == [True, True]


def frozen(kind: str, outgoing: channels.Outgoing) -> Frozen:
    return channels.named(kind).freeze(outgoing)
