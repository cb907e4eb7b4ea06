"""What follows a commit are hints: one that fails reaches nobody's caller and stops no other."""

from __future__ import annotations

import pytest
from django.db import transaction

from events.bus import publish
from events.transport import channel_layer
from notifications.inbox import push
from tests.events.numbering import number_all
from tests.notifications.factories.routing import JOB

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _no_layer(monkeypatch) -> None:
    def fail(*_anything: object) -> None:
        raise RuntimeError("no layer")

    monkeypatch.setattr(channel_layer, "send", fail)


@pytest.mark.usefixtures("_no_layer")
def test_a_push_that_fails_after_the_commit_does_not_reach_whoever_committed():
    later: list[str] = []
    with transaction.atomic():
        push.push_on_commit([push.Push(1, {"type": "read", "seq": 1})])
        transaction.on_commit(lambda: later.append("told"))
    assert later == ["told"]


@pytest.mark.usefixtures("_no_layer")
def test_an_announcement_that_fails_leaves_the_events_numbered():
    event = publish("job.completed", source=JOB)
    number_all()
    event.refresh_from_db()
    assert event.position
