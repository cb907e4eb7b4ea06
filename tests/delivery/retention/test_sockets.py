"""Sockets hear of rows that are pruned; who comes back with a seq from before fetches anew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from events.transport import channel_layer
from notifications.inbox import removal
from tests.delivery.factories.retention import YOUNG, prune, row, sent
from tests.notifications.fakes.websocket_server import Server, serving

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(transactional_db) -> Iterator[Server]:
    with serving() as running:
        yield running


def test_an_open_socket_is_told_which_rows_went(server: Server, owner):
    gone = [row(owner), row(owner)]
    sent(gone[1])
    row(owner, YOUNG)
    socket = server.greeted(owner)
    prune()
    assert socket.frame() == {
        "type": "removed",
        "seq": 4,
        "ids": [one.pk for one in gone],
        "reason": "deleted",
        "unread_count": 1,
    }


def test_a_socket_whose_feed_lost_too_many_rows_fetches_anew(server: Server, owner, monkeypatch):
    monkeypatch.setattr(removal, "MOST_IDS", 1)
    row(owner)
    row(owner)
    socket = server.greeted(owner)
    prune()
    assert socket.frame() == {"type": "resync", "seq": 3, "unread_count": 0}


@pytest.mark.parametrize(("seq", "kinds"), [(0, ["hello", "resync"]), (2, ["hello", "resync"]), (3, ["hello"])])
def test_who_comes_back_with_an_old_seq_fetches_anew(server: Server, owner, seq, kinds):
    row(owner)
    row(owner, YOUNG)
    prune()
    socket = server.connect(owner, query=f"seq={seq}")
    assert [socket.frame()["type"] for _ in kinds] == kinds
    assert socket.has_nothing_more()


def test_who_resumes_from_before_fetches_anew(server: Server, owner):
    row(owner)
    row(owner, YOUNG)
    socket = server.greeted(owner)
    prune()
    channel_layer.flush()
    assert socket.frame()["type"] == "removed"
    assert socket.answer({"type": "resume", "seq": 1})["recovered"] is False
    assert socket.frame()["type"] == "resync"
