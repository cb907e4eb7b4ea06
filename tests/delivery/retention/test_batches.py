"""A table is walked in windows and taken in pieces, wherever their ends fall."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import timezone

from delivery.retention import batches, notifications, rules
from delivery.retention.batches import Share
from delivery.retention.pace import Pace
from notifications.models import Inbox, Notification
from tests.delivery.factories.retention import event, prune, row, sent, there

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("is_archived", [False, True])
def test_all_goes_however_many_rows_a_window_has(owner, member, tmp_path, monkeypatch, size, is_archived):
    monkeypatch.setattr(batches, "WINDOW", size)
    for one in [event() for _ in range(3)]:
        for user in (owner, member):
            for channel in ("in_app", "email", "webhook"):
                made = row(user, of=one, channel=channel)
                if channel == "webhook":
                    sent(made)
    gone = prune(archive=tmp_path if is_archived else None).gone
    assert gone == {"notifications": 18, "deliveries": 6, "delivery_attempts": 6, "events": 3}
    assert set(Inbox.objects.values_list("unread_count", flat=True)) == {0}


def test_pieces_are_as_large_as_may_go_and_leave_nothing_out():
    shares = [
        Share(user, count, ",".join(map(str, range(count))), " ".join(f"(0,{number})" for number in range(count)))
        for user, count in [(1, 40), (2, 60), (3, 250)]
    ]
    pieces = list(batches.pieces(shares, most=lambda: 100))
    assert [[(part.user_id, part.size) for part in piece] for piece in pieces] == [
        [(1, 40), (2, 60)],
        [(3, 100)],
        [(3, 100)],
        [(3, 50)],
    ]
    assert ",".join(part.ids for piece in pieces[1:] for part in piece) == shares[2].ids
    assert " ".join(part.places for piece in pieces[1:] for part in piece) == shares[2].places


def walked() -> list[Share]:
    limits = rules.limits(now=timezone.now(), days=90)
    return [share for window in batches.windows(limits) for share in window.plain]


def take(shares: list[Share]) -> int:
    limits = rules.limits(now=timezone.now(), days=90)
    return notifications.take(shares, limits=limits, pace=Pace())["notifications"]


@pytest.mark.service
def test_what_lies_where_another_row_was_stays(owner):
    """A row that was vacuumed away since the walk may have left its place to one that never goes."""
    asked, other = row(owner), row(owner)
    [share] = walked()
    places = dict(zip(share.ids.split(","), share.places.split(), strict=True))
    assert take([Share(owner.pk, 1, str(asked.pk), places[str(other.pk)])]) == 0
    assert there(asked, other) == [True, True]


@pytest.mark.service
def test_a_row_that_was_changed_since_goes_with_the_next_run(owner):
    changed, same = row(owner), row(owner)
    shares = walked()
    Notification.objects.filter(pk=changed.pk).update(is_read=True)
    assert take(shares) == 1
    assert there(changed, same) == [True, False]
    prune()
    assert there(changed) == [False]


@pytest.mark.service
def test_where_there_are_no_deliveries_at_all_nobody_asks_for_them(owner):
    row(owner)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE deliveries CASCADE")
        assert take(walked()) == 1
        cursor.execute("SELECT current_setting('enable_seqscan')")
        assert cursor.fetchone() == ("on",)


@pytest.mark.service
def test_where_there_are_deliveries_each_row_asks_an_index_for_its_own(owner):
    sent(row(owner, channel="webhook"))
    row(owner)
    assert take(walked()) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('enable_seqscan')")
        assert cursor.fetchone() == ("off",)
