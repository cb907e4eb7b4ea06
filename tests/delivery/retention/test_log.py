"""Who reads the log, and what pruning leaves of it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from delivery.models import Delivery
from delivery.retention.prune import count
from events.bus import Published, publish, subscribe
from events.dispatch import replay, subscribers
from events.dispatch.runner import catch_up
from events.models import LogGap, LogHead, Subscriber
from events.sweep import sweep
from notifications.models import Notification
from notifications.routing import router
from tests.delivery.factories.deliveries import destination
from tests.delivery.factories.retention import DAYS, NOW, OLD, event, position_of, prune, row, there

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(monkeypatch) -> list[int]:
    """What a subscriber named `reader` was given; it has read nothing yet."""
    monkeypatch.setattr(subscribers, "_registry", dict(subscribers._registry))
    given: list[int] = []
    subscribers.subscriber("reader", "*", transactional=True, start=0)(
        lambda events: given.extend(position_of(one) for one in events)
    )
    return given


def at(name: str, position: int, **fields: bool) -> None:
    subscribers.enroll()
    Subscriber.objects.filter(name=name).update(position=position, **fields)


def test_what_a_running_subscriber_has_not_read_stays(seen):
    first, second, third = event(), event(), event()
    at("reader", position_of(first))
    prune()
    assert there(first, second, third) == [False, True, True]
    catch_up("reader", now=timezone.now())
    assert seen == [second.position, third.position]


def test_a_paused_subscriber_gets_a_recorded_gap(seen):
    first, second, third = event(), event(), event()
    at("reader", position_of(first), is_paused=True)
    prune()
    assert there(first, second, third) == [False, False, False]
    [gap] = LogGap.objects.all()
    assert (gap.subscriber.name, gap.after, gap.up_to, gap.events) == ("reader", first.position, third.position, 2)


def test_a_gap_grows_while_the_pause_lasts(seen):
    first = event()
    at("reader", position_of(first), is_paused=True)
    for _ in range(2):
        late = event()
        at("reader", position_of(first))
        prune()
    assert LogGap.objects.values_list("after", "up_to", "events").get() == (first.position, late.position, 2)


def test_a_name_that_is_no_longer_in_the_code_counts_as_paused():
    Subscriber.objects.create(name="gone", position=0)
    lost = event()
    at("gone", 0)
    prune()
    assert there(lost) == [False]
    assert LogGap.objects.get().subscriber.name == "gone"


def test_nothing_lost_is_no_gap(seen):
    event()
    Subscriber.objects.update(is_paused=True)
    prune()
    assert not LogGap.objects.exists()


def test_a_resumed_subscriber_goes_on_with_what_is_left(seen, owner):
    lost, left = event(), row(owner, hold="dnd").event
    at("reader", position_of(lost) - 1, is_paused=True)
    prune()
    at("reader", position_of(lost) - 1, is_paused=False)
    catch_up("reader", now=timezone.now())
    assert seen == [left.position]


def test_the_command_tells_of_a_gap(seen, capsys):
    lost = event()
    at("reader", position_of(lost) - 1, is_paused=True)
    prune()
    call_command("replay", "reader")
    assert f"1 event(s) between {position_of(lost) - 1} and {lost.position}" in capsys.readouterr().out


def test_the_admin_shows_a_gap(seen, admin_client):
    lost = event()
    at("reader", position_of(lost) - 1, is_paused=True)
    prune()
    listed = admin_client.get(reverse("admin:carillon_events_subscriber_changelist")).content.decode()
    gap = LogGap.objects.get()
    assert f'?subscriber__id__exact={gap.subscriber_id}">1</a>' in listed
    page = admin_client.get(
        reverse("admin:carillon_events_loggap_changelist"), {"subscriber__id__exact": gap.subscriber_id}
    )
    assert str(lost.position) in page.content.decode()


def test_positions_go_on_after_everything_went():
    head = position_of(event())
    prune()
    publish("job.completed")
    sweep()
    assert LogHead.objects.get().position == head + 1


def test_the_api_reads_over_a_pruned_range(admin, client, owner):
    before, left = event(), row(owner, hold="dnd").event
    event()
    young = event(1)
    prune()
    client.force_login(admin)
    answer = client.get("/api/v1/events", {"after": position_of(before) - 1})
    assert [one["position"] for one in answer.json()] == [left.position, young.position]


def test_the_live_stream_refills_over_a_pruned_range(committed):
    start = position_of(event()) - 1
    event()
    young = event(1)
    prune()

    async def first() -> int:
        async with aclosing(subscribe(after=start)) as stream:
            async for one in stream:
                assert isinstance(one, Published)
                return one.position
        return 0

    assert asyncio.run(asyncio.wait_for(first(), 10)) == young.position


def test_the_router_is_not_moved_back_over_rows_that_went(owner, member):
    """Their events may still be there for somebody else: reading them again would tell everybody again."""
    happened = event(actor_user=owner)
    row(owner, of=happened, reason="actor")
    row(member, of=happened, hold="dnd")
    young = event(1, actor_user=owner)
    prune()
    assert replay.move(router.NAME, to=0) == happened.position
    catch_up(router.NAME, now=timezone.now())
    told = Notification.objects.filter(user=owner).values_list("event_id", flat=True)
    assert list(told) == [young.pk]


def test_the_command_says_where_the_log_is_pruned(owner, capsys):
    kept = row(owner, OLD).event
    prune()
    call_command("replay", router.NAME, "--after", "0")
    said = capsys.readouterr().out
    assert f"goes on after position {kept.position}." in said
    assert "Up to there the log is pruned" in said


def test_rows_that_the_router_reads_again_stay(owner):
    """It has been moved back: what it wrote of them keeps it from telling anybody twice."""
    old = row(owner)
    at(router.NAME, position_of(old.event) - 1)
    prune()
    assert there(old, old.event) == [True, True]


def test_an_event_waits_for_what_goes_to_a_destination():
    waiting, sent = event(), event()
    at_place = destination().address
    for one, state in ((waiting, "pending"), (sent, "sent")):
        made = Delivery.objects.create(event=one, address=at_place, kind="fake", purpose="event", state=state)
        Delivery.objects.filter(pk=made.pk).update(created_at=waiting.created_at)
    counted = count(now=NOW, days=DAYS)
    prune()
    assert there(waiting, sent) == [True, False]
    assert list(Delivery.objects.values_list("event_id", flat=True)) == [waiting.pk]
    assert (counted["events"], counted["deliveries"]) == (1, 1)
