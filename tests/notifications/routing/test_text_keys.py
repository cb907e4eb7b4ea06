"""Routing of what is about an entity whose id is text: the same people, rows and chunks as of one with a number."""

from __future__ import annotations

import pytest
from django.utils import timezone

from events.bus import Entity, NewEvent
from events.memberships import grant, revoke
from notifications.holds import last_look
from notifications.inbox import marking
from notifications.models import Notification
from notifications.routing import audiences, fanout
from tests.notifications.factories.routing import (
    NOON,
    change_type,
    feed_types,
    notified,
    publish_and_route,
    publish_and_route_batch,
)

pytestmark = pytest.mark.django_db

PROMPT = Entity("prompt", "3f2c-91")
OTHERS = [Entity("prompt", "3f2c-92"), Entity("scene", "3f2c-91"), Entity("prompt", 3)]


@pytest.fixture(autouse=True)
def _owned(owner) -> None:
    grant(PROMPT, user=owner, role="owner")


def test_its_people_are_told(watcher):
    grant(PROMPT, user=watcher, role="watcher")
    change_type("job.completed", audience=["owner", "watchers"])
    event = publish_and_route("job.completed", source=PROMPT)
    assert notified(event) == {"owner": "owner", "watcher": "watcher"}


@pytest.mark.parametrize("other", OTHERS)
def test_nobody_else_s_are(other):
    assert notified(publish_and_route("job.completed", source=other)) == {}


def test_a_batch_of_texts_and_numbers_tells_each_its_own(member):
    grant(OTHERS[2], user=member, role="owner")
    about = [PROMPT, *OTHERS]
    made = publish_and_route_batch(*(NewEvent("job.completed", source) for source in about))
    assert [notified(event) for event in made] == [{"owner": "owner"}, {}, {}, {"member": "owner"}]


def test_one_row_is_replaced_and_that_of_another_isn_t(owner):
    grant(OTHERS[0], user=owner, role="owner")
    publish_and_route("job.started", source=OTHERS[0])
    for name in ("job.started", "job.progress", "job.completed"):
        publish_and_route(name, source=PROMPT)
    assert feed_types(owner) == ["job.completed", "job.started"]
    assert marking.state(owner.pk).unread_count == 2


def test_a_large_audience_is_told_chunk_by_chunk(owner, watcher, monkeypatch):
    grant(PROMPT, user=watcher, role="owner")
    monkeypatch.setattr(audiences, "LARGE", 1)
    event = publish_and_route("job.completed", source=PROMPT)
    assert audiences.count(event) == 2
    while fanout.advance(event.pk, now=timezone.now()):
        pass
    assert notified(event) == {"owner": "owner", "watcher": "owner"}


def test_the_last_look_finds_the_tie_until_it_is_gone(owner):
    publish_and_route("job.completed", source=PROMPT)
    row = Notification.objects.get(user=owner)
    looked = last_look.Row(*Notification.objects.values_list(*last_look.COLUMNS).get(pk=row.pk))
    assert looked == last_look.row_of(row)
    assert last_look.why_not(looked, last_look.load([looked], now=NOON)) == ""
    revoke(PROMPT, user=owner)
    assert last_look.why_not(looked, last_look.load([looked], now=NOON)) == "no_access"
