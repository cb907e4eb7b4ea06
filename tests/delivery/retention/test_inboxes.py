"""What pruning leaves of a feed and its counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.inbox import feed
from notifications.models import Inbox, Notification, Summary
from tests.delivery.factories.retention import OLD, YOUNG, prune, row, sent, summary, there
from tests.events.concurrency import rolled_back

pytestmark = pytest.mark.django_db


def inbox_of(user) -> tuple[int, int, int]:
    return Inbox.objects.values_list("seq", "unread_count", "resync_below").get(pk=user.pk)


def test_an_unread_row_that_goes_is_counted_no_longer(owner):
    row(owner)
    row(owner, YOUNG)
    prune()
    assert inbox_of(owner) == (3, 1, 3)


def test_a_read_row_that_goes_leaves_the_count(owner):
    row(owner, is_read=True)
    prune()
    assert inbox_of(owner) == (2, 0, 2)


def test_a_row_off_the_feed_changes_nothing_that_is_seen(owner):
    row(owner, channel="email")
    prune()
    assert inbox_of(owner) == (1, 0, 0)


def test_a_shown_summary_that_goes_makes_clients_fetch_anew(owner):
    row(owner, YOUNG)
    summary(owner, seq=1)
    prune()
    assert inbox_of(owner) == (2, 1, 2)


def test_a_summary_that_was_only_sent_changes_nothing_that_is_seen(owner):
    row(owner, YOUNG)
    summary(owner, seq=0)
    prune()
    assert not Summary.objects.exists()
    assert inbox_of(owner) == (1, 1, 0)


def test_a_person_without_an_inbox_gets_one(owner):
    """Another program wrote the row."""
    old = row(owner, is_read=True)
    Inbox.objects.all().delete()
    prune()
    assert there(old) == [False]


AGES = st.sampled_from([OLD, YOUNG])
CHANNELS = st.sampled_from(["in_app", "in_app", "email"])


def test_counts_equal_a_recount(owner, member):
    @settings(max_examples=12, deadline=None)
    @given(st.lists(st.tuples(st.booleans(), AGES, CHANNELS, st.booleans(), st.booleans()), max_size=6))
    def check(rows) -> None:
        with rolled_back():
            for is_owners, age, channel, is_read, is_sent in rows:
                made = row(owner if is_owners else member, age, channel=channel, is_read=is_read)
                if is_sent:
                    sent(made)
            prune()
            for inbox in Inbox.objects.all():
                unread = Notification.objects.filter(user=inbox.user, channel="in_app", is_read=False)
                assert inbox.unread_count == unread.count()
                assert inbox.resync_below in (0, inbox.seq)

    check()


def test_the_feed_is_what_is_left(owner):
    young = [row(owner, YOUNG), row(owner, YOUNG)]
    row(owner)
    prune()
    assert [one.pk for one in feed.page(owner.pk)] == [one.pk for one in reversed(young)]
