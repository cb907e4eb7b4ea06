"""A table is walked in windows and taken in pieces, wherever their ends fall."""

from __future__ import annotations

import pytest

from delivery import pruning_windows
from delivery.pruning_windows import Share
from notifications.models import Inbox
from tests.delivery.pruned import event, prune, row, sent

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("is_archived", [False, True])
def test_all_goes_however_many_rows_a_window_has(owner, member, tmp_path, monkeypatch, size, is_archived):
    monkeypatch.setattr(pruning_windows, "WINDOW", size)
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
    shares = [Share(user, count, ",".join(map(str, range(count)))) for user, count in [(1, 40), (2, 60), (3, 250)]]
    pieces = list(pruning_windows.pieces(shares, most=lambda: 100))
    assert [[(part.user_id, part.size) for part in piece] for piece in pieces] == [
        [(1, 40), (2, 60)],
        [(3, 100)],
        [(3, 100)],
        [(3, 50)],
    ]
    assert ",".join(part.ids for piece in pieces[1:] for part in piece) == shares[2].ids
