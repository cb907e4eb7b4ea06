"""What is more than an hour's cap waits for the end of the hour and comes as one summary then; critical never waits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.bus import Entity, publish
from notifications.inbox import feed, marking
from notifications.models import Inbox, Notification, Summary
from notifications.preferences.settings import change_settings
from tests.events.concurrency import rolled_back
from tests.notifications.factories.hold_scenarios import FEW
from tests.notifications.factories.holds import HOUR, next_check_at, prefer_mail, release_due
from tests.notifications.factories.routing import NOON, define, route
from tests.notifications.references.hourly_cap import Reference
from tests.own_settings import own

if TYPE_CHECKING:
    from events.accounts import User
    from events.models import Event

pytestmark = pytest.mark.django_db

TYPE, CRITICAL = "job.completed", "odd.critical"
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _cap_of_two(settings) -> None:
    own(settings, HOURLY_CAPS={"email": 2})


@pytest.fixture
def mailed(owner, recorder):
    define(CRITICAL, category="odd", is_critical=True)
    prefer_mail(owner, TYPE, CRITICAL)
    return owner


def tell(user: User, number: int = 1, *, kind: str = TYPE, at: datetime = NOON) -> list[Event]:
    """Tell the person of so many, in one batch."""
    events = [publish(kind, actor=user, source=Entity("job", 1000 + n)) for n in range(number)]
    route(*events, now=at)
    return events


def holds(user: User, channel: str = "email") -> list[str]:
    rows = Notification.objects.filter(user=user, channel=channel).order_by("id")
    return list(rows.values_list("hold", flat=True))


def test_more_than_the_cap_waits_and_the_feed_has_all(mailed, recorder):
    tell(mailed, 4)
    assert holds(mailed) == ["none", "none", "burst", "burst"]
    assert set(Notification.objects.filter(hold="burst").values_list("hold_until", flat=True)) == {NOON + HOUR}
    assert (len(recorder.opened), holds(mailed, "in_app"), len(feed.page(mailed.pk))) == (2, ["none"] * 4, 4)


def test_the_hour_begins_with_its_first(mailed):
    tell(mailed, 2)
    tell(mailed, at=NOON + 40 * MINUTE)
    tell(mailed, at=NOON + 59 * MINUTE)
    assert holds(mailed) == ["none", "none", "burst", "burst"]
    assert next_check_at(mailed) == NOON + HOUR


def test_its_end_gives_all_back_as_one_summary_that_makes_no_row_in_the_app(mailed, recorder):
    tell(mailed, 5)
    assert release_due(now=NOON + HOUR - MINUTE) == []
    [summary] = release_due(now=NOON + HOUR)
    assert (summary.kind, summary.count, summary.seq) == ("burst", 3, 0)
    assert [(opened.summary_id, opened.channel) for opened in recorder.summaries] == [(summary.pk, "email")]
    assert (set(holds(mailed)), next_check_at(mailed)) == ({"none"}, None)
    assert not Notification.objects.exclude(hold_until=None).exists()


def test_its_page_lists_the_rows_of_the_feed(mailed):
    tell(mailed, 4)
    [summary] = release_due(now=NOON + HOUR)
    assert len(feed.page(mailed.pk, summary_id=summary.pk)) == 2


def test_the_summary_counts_as_one_of_the_next_hour(mailed):
    tell(mailed, 3)
    release_due(now=NOON + HOUR)
    tell(mailed, 2, at=NOON + HOUR + MINUTE)
    assert holds(mailed) == ["none", "none", "none", "none", "burst"]


def test_one_digest_is_due_when_it_was_though_more_comes_meanwhile(mailed):
    tell(mailed, 3, at=NOON + 30 * MINUTE)
    change_settings(mailed.pk, now=NOON + 31 * MINUTE, digest_enabled=True, digest_interval="hourly")
    for minute in (40, 60):
        tell(mailed, at=NOON + minute * MINUTE)
    [digest] = release_due(now=NOON + HOUR)
    assert (digest.kind, digest.count) == ("digest", 2)
    assert (holds(mailed)[2], next_check_at(mailed)) == ("burst", NOON + 90 * MINUTE)


def test_it_has_its_place_in_the_next_hour_before_it_has_come_and_in_no_later_one(mailed):
    tell(mailed, 3)
    tell(mailed, 2, at=NOON + HOUR)
    assert holds(mailed) == ["none", "none", "burst", "none", "burst"]
    tell(mailed, 2, at=NOON + 4 * HOUR)
    assert holds(mailed)[-2:] == ["none", "none"]


def test_critical_ones_pass_and_do_not_count(mailed):
    tell(mailed, 3, kind=CRITICAL)
    tell(mailed, 3)
    tell(mailed, 1, kind=CRITICAL)
    assert holds(mailed) == ["none"] * 5 + ["burst", "none"]


def test_what_was_read_meanwhile_is_in_no_summary(mailed):
    tell(mailed, 3)
    marking.mark_all(mailed.pk, now=NOON)
    assert release_due(now=NOON + HOUR) == []
    assert (set(holds(mailed)), next_check_at(mailed)) == ({"none"}, None)


def test_no_cap_holds_nothing(mailed, settings):
    own(settings, HOURLY_CAPS={})
    tell(mailed, 50)
    assert (set(holds(mailed)), Inbox.objects.get(pk=mailed.pk).hourly) == ({"none"}, "")


def test_each_channel_has_its_own_cap(mailed, settings):
    own(settings, HOURLY_CAPS={"chat": 1})
    tell(mailed, 3)
    assert holds(mailed) == ["none"] * 3


def test_when_it_is_due_in_do_not_disturb_it_waits_for_its_end(mailed):
    tell(mailed, 3)
    change_settings(mailed.pk, now=NOON, dnd_enabled=True, dnd_until=NOON + 2 * HOUR)
    tell(mailed, at=NOON + MINUTE)
    assert release_due(now=NOON + HOUR) == []
    assert holds(mailed) == ["none", "none", "dnd", "dnd"]
    [summary] = release_due(now=NOON + 2 * HOUR)
    assert (summary.kind, summary.count) == ("dnd", 2)


def test_do_not_disturb_that_ends_before_the_hour_is_given_back_on_time(mailed):
    tell(mailed, 3)
    change_settings(mailed.pk, now=NOON, dnd_enabled=True, dnd_until=NOON + 20 * MINUTE)
    tell(mailed, at=NOON + MINUTE)
    [summary] = release_due(now=NOON + 20 * MINUTE)
    assert (summary.kind, summary.count, holds(mailed)) == ("dnd", 1, ["none", "none", "burst", "none"])
    assert next_check_at(mailed) == NOON + HOUR


def test_a_digest_that_was_chosen_meanwhile_collects_it(mailed):
    tell(mailed, 3)
    change_settings(mailed.pk, now=NOON, digest_enabled=True, digest_interval="daily")
    release_due(now=NOON + HOUR)
    assert holds(mailed) == ["none", "none", "digest"]


@pytest.mark.parametrize("at", [NOON - timedelta(days=1), NOON - MINUTE])
def test_a_clock_that_was_set_back_keeps_nobody_waiting_for_days(mailed, at):
    tell(mailed, 3)
    tell(mailed, 3, at=at)
    assert not Notification.objects.filter(hold_until__gt=NOON + HOUR).exists()
    assert release_due(now=NOON + HOUR)


def test_crowds_above_their_cap_cost_no_more_queries(owner, member, watcher, recorder):
    define("odd.usual", category="odd", audience=["everyone"], default_channels=["in_app", "email"])

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            tell(owner, kind="odd.usual")
        return len(asked)

    # The first makes their inboxes.
    queries()
    below = queries()
    assert queries() <= below
    assert Notification.objects.filter(hold="burst").count() == 3


STEPS = st.lists(
    st.tuples(st.integers(0, 45), st.sampled_from(["usual", "usual", "usual", "critical", "look"])), max_size=12
)


@settings(FEW, max_examples=25, phases=[Phase.explicit, Phase.generate])
@given(steps=STEPS, most=st.integers(1, 3))
def test_mails_go_as_the_reference_says_and_none_is_lost(mailed, recorder, settings, steps, most):
    own(settings, HOURLY_CAPS={"email": most})
    reference, at, sent, told = Reference(most), 0, [], []
    with rolled_back():
        for minutes, what in [*steps, (120, "look"), (120, "look")]:
            at += minutes
            if what == "look":
                release_due(now=NOON + at * MINUTE)
                reference.look(at)
                sent += [(at, events) for events in opened_by(recorder)]
            else:
                [event] = tell(mailed, kind=CRITICAL if what == "critical" else TYPE, at=NOON + at * MINUTE)
                reference.arrive(event.pk, at, is_critical=what == "critical")
                told.append(event.pk)
                sent += [(at, events) for events in opened_by(recorder)]
        assert sent == reference.mails
        assert sorted(event for _at, events in sent for event in events) == told


def opened_by(recorder: Any) -> list[list[int]]:
    """The events of each mail that was opened since it was last asked."""
    summaries = [Summary.objects.get(pk=one.summary_id) for one in recorder.summaries]
    given_back = [list(one.held.order_by("event_id").values_list("event_id", flat=True)) for one in summaries]
    mails = [[row.event_id] for row in recorder.opened] + given_back
    recorder.opened, recorder.summaries = [], []
    return mails
