"""A row that shows several events says who did them and how many they are, and leads to all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from events.bus import publish
from events.memberships import grant
from notifications.inbox import feed, push
from tests.accounts.factory import name_of
from tests.api_client import as_
from tests.notifications.factories.routing import JOB, define, route

if TYPE_CHECKING:
    from events.accounts import User

pytestmark = pytest.mark.django_db

COMMENT = "odd.comment"


@pytest.fixture
def told(watcher):
    grant(JOB, user=watcher, role="watcher")
    define(COMMENT, category="odd", audience=["watchers"], burst_seconds=300, body_template="{{ payload.text }}")
    return watcher


def comment(*people: User, text: str = "Nice") -> None:
    for somebody in people:
        route(publish(COMMENT, actor=somebody, source=JOB, payload={"text": text}))


def shown_body(user) -> str:
    return str(feed.as_json(feed.page(user.pk)[0])["display_body"])


def test_one_event_reads_as_it_is(told, owner):
    comment(owner)
    assert shown_body(told) == ""


def test_it_says_who_and_how_often_before_what_was_said_last(told, owner, member, outsider, admin):
    first, second = name_of(owner), name_of(member)
    comment(owner, owner)
    assert shown_body(told) == f"{first} · 2 times — Nice"
    comment(member)
    assert shown_body(told) == f"{second} and {first} · 3 times — Nice"
    comment(outsider)
    assert shown_body(told) == f"{name_of(outsider)} and 2 others · 4 times — Nice"
    comment(admin, text="")
    assert shown_body(told) == f"{name_of(admin)} and others · 5 times"


def test_a_frame_says_the_same_and_rings_once(told, owner, member, monkeypatch, django_capture_on_commit_callbacks):
    pushed = []
    monkeypatch.setattr(push, "push", lambda pushes, **_shared: pushed.extend(pushes))
    with django_capture_on_commit_callbacks(execute=True):
        comment(owner)
        comment(member)
    frames = [one.frame for one in pushed if "own" in one.frame]
    assert [(frame["toast"], frame["own"]["count"], frame["unread_count"]) for frame in frames] == [
        (True, 1, 1),
        (False, 2, 1),
    ]
    assert frames[0]["own"]["id"] == frames[1]["own"]["id"]
    assert frames[1]["own"]["display_body"] == shown_body(told)
    assert frames[1]["own"]["actors"] == [member.pk, owner.pk]


def test_the_api_lists_the_others_page_by_page(told, owner):
    comment(*[owner] * 5)
    [head] = feed.page(told.pk)
    first = as_(told).get(f"/api/v1/notifications/{head.pk}/folded?limit=3")
    second = as_(told).get(first["Link"].rpartition("<")[2].partition(">")[0])
    events = [row["event_id"] for page in (first, second) for row in page.json()]
    assert (len(events), head.event_id in events, sorted(events, reverse=True)) == (4, False, events)


def test_they_are_nobody_else_s(told, owner, outsider):
    comment(owner, owner)
    [head] = feed.page(told.pk)
    assert as_(outsider).get(f"/api/v1/notifications/{head.pk}/folded").status_code == 404


def test_its_page_lists_the_others_and_goes_on(client, told, owner):
    comment(*[owner] * 23)
    client.force_login(told)
    page = reverse("carillon:notification-detail", args=[feed.page(told.pk)[0].pk])
    first = client.get(page)
    second = client.get(page, {"before": first.context["older"]})
    assert [len(answer.context["others"]) for answer in (first, second)] == [20, 2]
