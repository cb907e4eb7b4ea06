"""Moving a subscriber along the log by hand, and giving parked events another try."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from events.bus import NewEvent, publish, publish_many
from events.dispatch import replay
from events.dispatch.runner import catch_up
from events.errors import Refused
from events.models import Event, LogHead, ParkedEvent, Subscriber
from tests.events.concurrency import at_once
from tests.events.numbering import number_all

pytestmark = pytest.mark.django_db
EACH = pytest.mark.parametrize("transactional", [True, False], ids=["transactional", "leased"])


@pytest.fixture
def events():
    published = publish_many([NewEvent("job.progress")] * 3)
    number_all()
    return published


def read() -> int:
    return catch_up("reader", now=timezone.now())


def parked(event) -> ParkedEvent:
    return ParkedEvent.objects.create(subscriber=Subscriber.objects.get(name="reader"), event=event, error="old")


@EACH
def test_backwards_it_reads_again(reader, events, transactional):
    one = reader(transactional=transactional)
    read()
    replay.move("reader", to=LogHead.objects.get().position - 2)
    assert read() == 2
    assert one.batches[1] == [events[1].pk, events[2].pk]


@EACH
def test_forwards_it_skips(reader, events, transactional):
    one = reader(transactional=transactional)
    assert replay.move("reader", to=None) == LogHead.objects.get().position
    assert read() == 0
    assert one.seen == []


def test_what_it_was_failing_on_is_forgotten(reader, events):
    reader()
    Subscriber.objects.filter(name="reader").update(attempts=2, retry_at=timezone.now(), last_error="x")
    replay.move("reader", to=None)
    row = Subscriber.objects.get(name="reader")
    assert (row.attempts, row.retry_at, row.last_error) == (0, None, "")


@pytest.mark.parametrize("position", [-1, 10**9])
def test_a_position_that_the_log_has_not_is_refused(reader, events, position):
    reader()
    with pytest.raises(Refused, match="is not in the log"):
        replay.move("reader", to=position)


def test_the_command_moves_and_says_where_to(reader, events, capsys):
    reader()
    call_command("replay", "reader", "--after", "0")
    assert "reader goes on after position 0." in capsys.readouterr().out


def test_the_command_names_the_subscribers_there_are(reader, events):
    reader()
    with pytest.raises(CommandError, match="no subscriber 'readr'; there are: reader"):
        call_command("replay", "readr")


@EACH
def test_a_parked_event_that_goes_well_is_parked_no_longer(reader, events, transactional):
    one = reader(transactional=transactional)
    assert replay.rerun(parked(events[0]), now=timezone.now()) is True
    assert one.seen == [events[0].pk]
    assert not ParkedEvent.objects.exists()


@EACH
def test_a_parked_event_that_fails_again_stays_with_the_new_error(reader, events, transactional):
    reader(transactional=transactional).fail_on(events[0])
    assert replay.rerun(parked(events[0]), now=timezone.now()) is False
    assert "cannot digest this" in ParkedEvent.objects.get().error


def test_a_parked_event_that_went_well_is_not_handled_again(reader, events):
    one = reader()
    first = parked(events[0])
    second = ParkedEvent.objects.get(pk=first.pk)
    assert [replay.rerun(tried, now=timezone.now()) for tried in (first, second)] == [True, True]
    assert one.seen == [events[0].pk]


def test_of_two_tries_at_once_one_is_kept(committed, reader, events):
    reader().fails = lambda batch: publish("job.failed") and None
    tried = [parked(events[0])]
    tried += [ParkedEvent.objects.get()]
    assert at_once(*[lambda one=one: replay.rerun(one, now=timezone.now()) for one in tried]) == [True, True]
    assert Event.objects.filter(event_type__name="job.failed").count() == 1


def test_an_admin_tries_parked_events_again(reader, events, admin, client):
    one = reader()
    client.force_login(admin)
    chosen = [parked(events[0]).pk, parked(events[2]).pk]
    client.post(
        reverse("admin:carillon_events_parkedevent_changelist"), {"action": "rerun", "_selected_action": chosen}
    )
    assert one.seen == [events[0].pk, events[2].pk]


def test_trying_again_ends_in_time_and_says_what_is_left(reader, events, admin, client, monkeypatch):
    monkeypatch.setattr("events.admin.log.RERUN_SECONDS", 0)
    one = reader()
    client.force_login(admin)
    sent = {"action": "rerun", "_selected_action": [parked(events[0]).pk, parked(events[2]).pk]}
    response = client.post(reverse("admin:carillon_events_parkedevent_changelist"), sent, follow=True)
    assert one.seen == [events[0].pk]
    assert b"1 of 1 went well this time. Left for another request, to be chosen again: 1." in response.content


def test_an_admin_dismisses_parked_events_for_good(reader, events, admin, client):
    one = reader()
    client.force_login(admin)
    chosen, other = parked(events[0]), parked(events[2])
    client.post(
        reverse("admin:carillon_events_parkedevent_changelist"), {"action": "dismiss", "_selected_action": [chosen.pk]}
    )
    assert list(ParkedEvent.objects.all()) == [other]
    assert one.seen == []
    assert LogEntry.objects.get().object_id == str(chosen.pk)


def test_staff_who_may_only_look_dismiss_nothing(reader, events, member, client):
    reader()
    member.is_staff = True
    member.save()
    member.user_permissions.add(Permission.objects.get(codename="view_parkedevent"))
    client.force_login(member)
    chosen = parked(events[0])
    client.post(
        reverse("admin:carillon_events_parkedevent_changelist"), {"action": "dismiss", "_selected_action": [chosen.pk]}
    )
    assert ParkedEvent.objects.exists()


@pytest.mark.parametrize(("action", "expected"), [("rewind", 0), ("skip", 3)])
def test_an_admin_moves_a_subscriber(reader, events, admin, client, action, expected):
    reader()
    Subscriber.objects.filter(name="reader").update(position=1)
    LogHead.objects.update(position=3)
    client.force_login(admin)
    chosen = Subscriber.objects.get(name="reader").pk
    client.post(
        reverse("admin:carillon_events_subscriber_changelist"), {"action": action, "_selected_action": [chosen]}
    )
    assert Subscriber.objects.get(name="reader").position == expected


@pytest.mark.parametrize(("action", "expected"), [("pause", True), ("resume", False)])
def test_an_admin_pauses_and_resumes_a_subscriber(reader, events, admin, client, action, expected):
    reader()
    Subscriber.objects.filter(name="reader").update(is_paused=not expected)
    client.force_login(admin)
    chosen = Subscriber.objects.get(name="reader").pk
    client.post(
        reverse("admin:carillon_events_subscriber_changelist"), {"action": action, "_selected_action": [chosen]}
    )
    assert Subscriber.objects.get(name="reader").is_paused is expected
