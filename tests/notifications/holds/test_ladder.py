"""A channel speaks of what is still unread after its minutes, once; and not of what its person has dealt with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.accounts import User
from events.bus import Entity, publish
from events.models import Event, EventType, Membership
from notifications.holds import release, undo, wording
from notifications.inbox import marking, seen, triage
from notifications.models import Inbox, Notification, NotificationPreference, Summary, UserNotificationSettings
from notifications.preferences.settings import change_settings, settings_of
from tests.accounts.factory import new_person
from tests.notifications.conftest import RecordingChannel
from tests.notifications.factories.holds import HOUR, holds, next_check_at, prefer_mail, release_due
from tests.notifications.factories.routing import (
    JOB,
    NOON,
    change_type,
    queries,
    route,
    store_preference,
    store_settings,
)
from tests.own_settings import own

pytestmark = pytest.mark.django_db

WAIT = timedelta(minutes=15)
DUE = NOON + WAIT
SECOND = timedelta(seconds=1)
TYPE = "job.completed"


@pytest.fixture
def told(owner, recorder) -> Event:
    """An event in the owner's feed, of which a mail waits."""
    prefer_mail(owner, TYPE)
    store_settings(owner, ladder={"email": 15})
    return tell(owner)


def tell(user: User, *, event_type: str = TYPE, source: Entity = JOB, now: datetime = NOON) -> Event:
    event = publish(event_type, actor=user, source=source)
    route(event, now=now)
    return event


def in_feed(user: User) -> Notification:
    return Notification.objects.get(user=user, channel="in_app")


def mails(recorder: RecordingChannel) -> list[int]:
    return [opened.event_id for opened in recorder.opened]


def test_what_is_still_unread_goes_out_at_the_end(owner, told, recorder):
    assert (holds(owner), next_check_at(owner)) == (["none", "ladder"], DUE)
    release_due(now=DUE - SECOND)
    assert mails(recorder) == []
    release_due(now=DUE)
    assert mails(recorder) == [told.pk]
    assert (holds(owner), next_check_at(owner)) == (["none", "none"], None)


def test_a_second_look_opens_nothing_more(owner, told, recorder):
    release_due(now=DUE)
    Inbox.objects.update(next_check_at=DUE)
    release_due(now=DUE + HOUR)
    assert mails(recorder) == [told.pk]
    assert not Summary.objects.exists()


def read(user: User) -> None:
    marking.mark(user.pk, ids=[in_feed(user).pk], is_read=True, now=NOON)


def finish(user: User) -> None:
    triage.done(user.pk, ids=[in_feed(user).pk], now=NOON)


def snooze(user: User) -> None:
    triage.snooze(user.pk, ids=[in_feed(user).pk], until=NOON + 2 * HOUR, now=NOON)


def see(user: User) -> None:
    seen.record(user.pk, seq=in_feed(user).seq)


def switch_off(user: User) -> None:
    store_preference(user, TYPE, is_enabled=False)


def silence(user: User) -> None:
    store_settings(user, ladder={"email": "never"})


@pytest.mark.parametrize("deal_with", [read, finish, snooze, see, switch_off, silence])
def test_what_its_person_has_dealt_with_does_not(owner, told, recorder, deal_with):
    deal_with(owner)
    release_due(now=DUE)
    assert (mails(recorder), holds(owner)) == ([], ["none", "none"])


def test_what_changed_after_it_was_seen_goes_out(owner, told, recorder):
    see(owner)
    later = tell(owner)
    release_due(now=DUE)
    assert later.pk in mails(recorder)


def test_an_earlier_event_of_a_group_is_settled_when_its_successor_was_read(owner, recorder):
    prefer_mail(owner, "job.started")
    change_type("job.started", ladder={"email": 15})
    tell(owner, event_type="job.started")
    tell(owner, event_type="job.completed")
    read(owner)
    release_due(now=DUE)
    assert mails(recorder) == []


def test_do_not_disturb_that_begins_meanwhile_keeps_it(owner, told, recorder):
    change_settings(owner.pk, now=NOON + SECOND, dnd_enabled=True, dnd_until=NOON + HOUR)
    assert holds(owner) == ["none", "ladder"]
    release_due(now=DUE)
    assert holds(owner) == ["none", "dnd"]
    [summary] = release_due(now=NOON + HOUR)
    assert (summary.count, mails(recorder), len(recorder.summaries)) == (1, [], 1)


def test_a_digest_that_begins_meanwhile_collects_it(owner, told, recorder):
    change_settings(owner.pk, now=NOON + SECOND, digest_enabled=True)
    release_due(now=DUE)
    assert (holds(owner), mails(recorder)) == (["none", "digest"], [])


def test_do_not_disturb_that_ends_before_leaves_it_waiting(owner, told, recorder):
    change_settings(owner.pk, now=NOON + SECOND, dnd_enabled=True, dnd_until=NOON + 10 * SECOND)
    release_due(now=NOON + 10 * SECOND)
    assert (holds(owner), next_check_at(owner)) == (["none", "ladder"], DUE)


def test_what_do_not_disturb_holds_ends_though_a_ladder_ends_later(owner, told, recorder):
    store_settings(owner, dnd_enabled=True, dnd_until=NOON + 10 * SECOND)
    tell(owner, source=Entity("job", 7), now=NOON + SECOND)
    assert next_check_at(owner) == NOON + 10 * SECOND


def test_the_next_check_is_the_least_of_what_waits(owner, told):
    tell(owner, source=Entity("job", 7), now=NOON + timedelta(minutes=1))
    assert next_check_at(owner) == DUE
    release_due(now=DUE)
    assert next_check_at(owner) == DUE + timedelta(minutes=1)


def test_critical_types_go_at_once(owner, recorder):
    change_type(TYPE, is_critical=True, ladder={"email": "never"})
    prefer_mail(owner, TYPE)
    store_settings(owner, ladder={"email": "never"})
    event = tell(owner)
    assert mails(recorder) == [event.pk]


def test_without_a_row_in_the_feed_nothing_is_waited_for(owner, recorder):
    store_preference(owner, TYPE, channels=["email"])
    store_settings(owner, ladder={"email": 15})
    event = tell(owner)
    assert mails(recorder) == [event.pk]


@pytest.mark.parametrize(
    ("of_type", "own_ladder", "chosen", "hold"),
    [
        ({"email": 15}, {}, {}, ["none", "ladder"]),
        ({"email": 15}, {"email": 0}, {}, ["none", "none"]),
        ({"email": 15}, {"email": 0}, {"email": 60}, ["none", "ladder"]),
        ({"email": 15}, {"email": "never"}, {}, ["none"]),
        ({}, {"email": "never"}, {"email": 0}, ["none", "none"]),
        ({"email": "soon"}, {"email": [5]}, {"email": None}, ["none", "none"]),
    ],
)
def test_the_choice_for_a_type_comes_before_ones_own_and_that_before_the_types(
    owner, recorder, of_type, own_ladder, chosen, hold
):
    change_type(TYPE, ladder=of_type)
    store_settings(owner, ladder=own_ladder)
    store_preference(owner, TYPE, channels=["in_app", "email"], ladder=chosen)
    tell(owner)
    assert holds(owner) == hold


def test_a_channel_of_a_required_type_may_wait_but_is_never_silent(owner, recorder):
    change_type(TYPE, is_locked=True, default_channels=["in_app", "email"])
    store_settings(owner, ladder={"email": "never"})
    event = tell(owner)
    assert mails(recorder) == [event.pk]


def test_what_goes_out_counts_in_its_hour(owner, told, recorder, settings):
    own(settings, HOURLY_CAPS={"email": 1})
    second = tell(owner, source=Entity("job", 7))
    release_due(now=DUE)
    assert (mails(recorder), holds(owner)) == ([told.pk], ["none", "none", "none", "burst"])
    assert next_check_at(owner) == DUE + HOUR
    [summary] = release_due(now=DUE + HOUR)
    assert Notification.objects.get(summary=summary).event_id == second.pk


def test_an_undone_reading_goes_out_as_of_now(owner, told, recorder):
    batch = marking.mark(owner.pk, ids=[in_feed(owner).pk], is_read=True, now=NOON).batch
    release_due(now=DUE)
    assert batch
    undo.undo(owner.pk, batch_id=batch, now=DUE + SECOND)
    assert mails(recorder) == [told.pk]


def test_the_wait_is_measured_in_minutes_when_the_clocks_are_set(owner, recorder):
    turn = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)  # 02:50 in Paris; ten minutes later it is 02:00 again
    prefer_mail(owner, TYPE)
    store_settings(owner, ladder={"email": 60}, timezone="Europe/Paris")
    event = tell(owner, now=turn)
    row = Notification.objects.get(channel="email")
    assert wording.until_text(row, settings=settings_of(owner.pk), now=turn) == "if still unread at 02:50"
    release_due(now=turn + HOUR - SECOND)
    assert mails(recorder) == []
    release_due(now=turn + HOUR)
    assert mails(recorder) == [event.pk]


def make_crowd(count: int) -> Event:
    """An event for that many watchers, all of whom wait fifteen minutes for a mail."""
    comment = EventType.objects.get(name="review.comment")
    source = Entity("job", 1000 + count)
    people = get_user_model().objects.bulk_create([new_person(f"w{count}-{number}") for number in range(count)])
    Membership.objects.bulk_create(
        [Membership(entity_type="job", entity_id=source.id, user=user, role="watcher") for user in people]
    )
    NotificationPreference.objects.bulk_create(
        [NotificationPreference(user=user, event_type=comment, channels=["in_app", "email"]) for user in people]
    )
    UserNotificationSettings.objects.bulk_create(
        [UserNotificationSettings(user=user, ladder={"email": 15}) for user in people]
    )
    return publish("review.comment", source=source)


def test_a_crowd_costs_as_many_queries_as_one_person(recorder):
    for_one = queries(make_crowd(1))
    assert queries(make_crowd(10_000)) == for_one
    assert Notification.objects.filter(hold="ladder").count() == 10_001


def test_their_end_costs_as_many_queries_as_one_persons(recorder):
    needed = []
    for count in (1, 100):
        route(make_crowd(count))
        users = list(Notification.objects.filter(hold="ladder").values_list("user_id", flat=True))
        with CaptureQueriesContext(connection) as asked:
            release.release(users, now=DUE)
        needed.append(len(asked))
    assert needed[0] == needed[1]
    assert len(recorder.opened) == 101
