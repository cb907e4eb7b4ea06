"""Docstrings that state a number of queries are right, for nobody, for one and for many."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events import api_keys, event_type_cache
from notifications import sweep
from notifications.holds import schedule
from notifications.inbox import feed, marking, removal, summaries
from notifications.models import Inbox, NotificationPreference
from notifications.pages.feed import Filters, feed_of, notes_of
from notifications.pages.inbox_status import status_of
from notifications.preferences import digest_preview, preferences
from notifications.websocket import authentication, hub, snapshot
from notifications.websocket.authentication import Credentials
from tests.notifications.factories.holds import HOUR, hold, release_person
from tests.notifications.factories.routing import NOON

pytestmark = pytest.mark.django_db

TWO = ("job.completed", "job.failed")


@pytest.fixture
def summary(owner):
    hold(owner, *TWO, dnd_enabled=True, dnd_until=NOON + HOUR)
    [made] = release_person(owner, now=NOON + HOUR)
    event_type_cache.clear()
    return made


@pytest.mark.parametrize("held", [(), TWO])
def test_a_digest_preview_is_three_queries(owner, held, django_assert_num_queries):
    hold(owner, *held, digest_enabled=True)
    with django_assert_num_queries(3):
        assert digest_preview.preview(owner.pk, now=NOON).count == len(held)


def test_preferences_are_two_queries_and_two_more_where_some_are_missing(owner, django_assert_num_queries):
    with django_assert_num_queries(4):
        preferences.ensure(owner.pk)
    with django_assert_num_queries(2):
        assert preferences.ensure(owner.pk)
    assert NotificationPreference.objects.filter(user=owner).exists()


def test_the_state_of_an_inbox_is_one_query(owner, outsider, summary, django_assert_num_queries):
    for user in (owner, outsider):
        with django_assert_num_queries(1):
            marking.state(user.pk)


def test_what_stands_above_the_feed_is_one_query_and_one_for_its_text(owner, summary, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert summaries.shown(owner.pk) == [summary]
    with django_assert_num_queries(1):
        assert len(summaries.as_frames([summary])) == 1
    with django_assert_num_queries(1):
        assert summaries.changed_since(owner.pk, seq=0, limit=5) == [summary]
    for sent in ([], [summary.pk]):
        with CaptureQueriesContext(connection) as asked:
            summaries.record_sent(sent, now=NOON)
        assert len(asked) <= 1


def test_a_page_of_the_feed_is_four_queries_and_one_for_the_text_of_summaries(
    owner, outsider, summary, django_assert_num_queries
):
    for user, queries in ((outsider, 4), (owner, 5)):
        with django_assert_num_queries(2):
            inbox = status_of(user.pk, now=NOON)
        event_type_cache.clear()
        with django_assert_num_queries(queries):
            feed_of(inbox, filters=Filters(), place="page")


def test_a_row_that_a_link_names_is_two_queries_at_most(owner, django_assert_num_queries):
    hold(owner, *TWO)
    [row, _older] = feed.page(owner.pk)
    with django_assert_num_queries(1):
        assert feed.get_linked(owner.pk, notification_id=row.pk) == row
    row.__class__.objects.filter(pk=row.pk).update(channel="email")
    with django_assert_num_queries(2):
        assert feed.get_linked(owner.pk, notification_id=row.pk) == row


def test_a_snapshot_is_two_queries_and_four_for_what_changed(owner, summary, django_assert_num_queries):
    seq = marking.state(owner.pk).seq
    for known, queries in ((None, 2), (seq, 2), (seq + 1, 2), (0, 6)):
        event_type_cache.clear()
        with django_assert_num_queries(queries):
            snapshot.since(owner.pk, seq=known, now=NOON)


def test_planning_checks_is_three_queries_and_none_of_them_for_each_person(owner, watcher, django_assert_num_queries):
    hold(owner, *TWO, digest_enabled=True)
    hold(watcher, *TWO, digest_enabled=True)
    with django_assert_num_queries(1):
        schedule.expect([owner.pk, watcher.pk], now=NOON)
    Inbox.objects.update(next_check_at=None)
    with django_assert_num_queries(3):
        schedule.expect([owner.pk, watcher.pk], now=NOON)
    with django_assert_num_queries(0):
        schedule.store([])


def test_a_sweep_that_finds_nothing_is_two_queries(django_assert_max_num_queries):
    clock = 2 if connection.features.has_select_for_update else 0
    with django_assert_max_num_queries(2 + clock):
        sweep.sweep()


def test_summaries_above_the_feed_are_two_queries_at_most(owner, outsider, summary):
    for user in (owner, outsider):
        with CaptureQueriesContext(connection) as asked:
            notes_of(user.pk)
        assert len(asked) <= 2


def test_the_status_of_an_inbox_is_two_queries(owner, outsider, summary, django_assert_num_queries):
    for user in (owner, outsider):
        with django_assert_num_queries(2):
            status_of(user.pk, now=NOON)


def test_leaving_feeds_is_one_query_for_all_and_none_for_nobody(owner, member, django_assert_num_queries):
    removal.lock({owner.pk, member.pk})
    with django_assert_num_queries(0):
        removal.leave([])
    with django_assert_num_queries(1):
        removal.leave([removal.Removed(user.pk, 1, unread=0) for user in (owner, member)])


def test_a_socket_s_person_is_two_queries_at_most(owner, client):
    client.force_login(owner)
    for who in (
        Credentials(client.session.session_key, None),
        Credentials("unknown", None),
        Credentials(None, None),
        Credentials(None, api_keys.issue(owner, label="a program")[1]),
        Credentials(None, "unknown"),
    ):
        with CaptureQueriesContext(connection) as asked:
            authentication.identify(who)
        assert len(asked) <= 2


def test_looking_for_lost_frames_is_one_query(owner, member, django_assert_num_queries):
    with django_assert_num_queries(1):
        hub._seqs([owner.pk, member.pk])
