"""What a person may not see keeps its place in the feed and says nothing, by the host's own word."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core import checks
from django.utils import timezone

from events.accounts import User
from events.bus import publish
from events.entities import Entity
from events.memberships import grant
from notifications.inbox import feed
from notifications.presentation import access
from notifications.websocket import snapshot
from tests.accounts.factory import name_of
from tests.notifications.factories.routing import JOB, OTHER_JOB, route
from tests.notifications.fakes import access_host, access_host_in_sets
from tests.own_settings import own

pytestmark = pytest.mark.django_db

SECRET, CLOSED = "Shot 042", "You no longer have access to this."


@pytest.fixture(autouse=True)
def _reset() -> None:
    access_host.reset()
    access_host_in_sets.calls.clear()


@pytest.fixture(params=[access_host.PATH, access_host_in_sets.PATH])
def _asked(request, settings) -> None:
    own(settings, MAY_SEE=request.param)


def tell(user: User, *, source: Entity = JOB) -> None:
    grant(source, user=user, role="owner")
    route(publish("job.completed", source=source, actor=user, payload={"name": SECRET}))


def close(user: User, *, source: Entity = JOB) -> None:
    access_host.closed.add((name_of(user), source))


def shown(user: User) -> list[dict[str, object]]:
    return [feed.as_json(row) for row in feed.page(user.pk)]


def test_without_a_host_that_is_asked_everybody_sees_all(owner):
    tell(owner)
    assert SECRET in json.dumps(shown(owner))
    assert not access.is_asked()


# Each way to a row, for a person and the row's id.
READS: list[Callable[[int, int], object]] = [
    lambda user, pk: feed.as_json(feed.get(user, notification_id=pk)),
    lambda user, pk: feed.as_json(feed.get_linked(user, notification_id=pk)),
    lambda user, _pk: [feed.as_json(row) for row in feed.changed_since(user, seq=0, limit=9)],
    lambda user, _pk: snapshot.since(user, seq=0, now=timezone.now()),
]


@pytest.mark.usefixtures("_asked")
class TestByTheHost:
    def test_what_one_may_see_is_as_ever(self, owner):
        tell(owner)
        assert SECRET in json.dumps(shown(owner))

    def test_a_row_keeps_its_place_without_its_text(self, owner):
        for source in (JOB, OTHER_JOB):
            tell(owner, source=source)
        close(owner)
        newer, older = shown(owner)
        assert (newer["payload"], older["payload"]) == ({"name": SECRET}, {})
        assert (older["title"], older["body"], older["url"], older["actor_user_id"]) == (CLOSED, "", "", None)
        assert (older["event_type"], older["is_read"]) == ("job.completed", False)

    @pytest.mark.parametrize("read", READS)
    def test_each_way_to_a_row_says_nothing(self, owner, read):
        tell(owner)
        close(owner)
        text = json.dumps(read(owner.pk, feed.rows(owner.pk).get().pk))
        assert CLOSED in text
        assert SECRET not in text

    def test_where_the_host_fails_nothing_is_said(self, owner):
        tell(owner)
        access_host.broken.append(OSError("away"))
        assert [row["title"] for row in shown(owner)] == [CLOSED]

    def test_what_is_about_nothing_is_everybody_s(self, owner):
        route(publish("job.completed", actor=owner, payload={"name": SECRET}))
        access_host.broken.append(OSError("away"))
        assert SECRET in json.dumps(shown(owner))

    def test_a_frame_says_it_to_those_who_may_see_it_only(
        self, owner, watcher, monkeypatch, django_capture_on_commit_callbacks
    ):
        said: dict[int, str] = {}
        monkeypatch.setattr(
            "notifications.inbox.push.push",
            lambda pushes, *, shared: said.update({one.user_id: json.dumps(shared[one.shared]) for one in pushes}),
        )
        close(watcher)
        for user, role in ((owner, "owner"), (watcher, "watcher")):
            grant(JOB, user=user, role=role)
        with django_capture_on_commit_callbacks(execute=True):
            route(publish("review.comment", source=JOB, payload={"comment": SECRET}))
        assert SECRET in said[owner.pk]
        assert CLOSED in said[watcher.pk]
        assert SECRET not in said[watcher.pk]

    def test_no_query_or_question_more_for_more_rows(self, owner, django_assert_num_queries):
        for source in (JOB, OTHER_JOB):
            tell(owner, source=source)
        with django_assert_num_queries(2):
            feed.page(owner.pk)


def test_a_host_that_answers_in_sets_is_asked_once(owner, settings):
    own(settings, MAY_SEE=access_host_in_sets.PATH)
    for source in (JOB, OTHER_JOB):
        tell(owner, source=source)
    access_host_in_sets.calls.clear()
    shown(owner)
    assert access_host_in_sets.calls == [2]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nowhere.at_all.may_see", "No module named 'nowhere'"),
        ("events.bus.nothing", "does not define"),
        ("may_see", "doesn't look like a module path"),
        ("events.bus.__name__", "it is no function"),
    ],
)
def test_a_path_that_leads_nowhere_stops_the_start_in_one_sentence(settings, path, why):
    own(settings, MAY_SEE=path)
    [found] = [one for one in checks.run_checks() if one.id == "carillon.E003"]
    assert f"CARILLON['MAY_SEE'] is '{path}'" in found.msg
    assert why in found.msg
