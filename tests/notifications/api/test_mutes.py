"""Muting and its end, over the API: of what one may see, for good or until a moment that lies ahead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from events.accounts import User
from events.entities import Entity
from events.memberships import grant
from notifications.models import Mute
from tests.accounts.factory import name_of
from tests.api_client import V1, as_, codes
from tests.notifications.factories.routing import JOB, mute, notified, publish_and_route
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_host")]
MUTES = f"{V1}/notifications/mutes"


@pytest.fixture
def _host(settings) -> None:
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)


def address(entity: Entity = JOB) -> str:
    return f"{V1}/entities/{entity.type}/{quote(str(entity.id), safe='')}/mute"


def put(user: User, entity: Entity = JOB, **body: Any) -> Any:
    return as_(user).put(address(entity), body, format="json")


def muted(user: User, **query: Any) -> list[int | str]:
    return [row["entity_id"] for row in as_(user).get(MUTES, query).json()]


def test_who_mutes_it_is_told_no_more_until_they_unmute(watcher):
    grant(JOB, user=watcher, role="watcher")
    assert put(watcher).status_code == 204
    assert notified(publish_and_route("review.comment", source=JOB)) == {}
    assert as_(watcher).delete(address()).status_code == 204
    assert "watcher" in notified(publish_and_route("review.comment", source=JOB))


def test_it_needs_no_body(owner):
    assert (as_(owner).put(address()).status_code, Mute.objects.get().until) == (204, None)


@pytest.mark.parametrize("second", [None, "2031-01-01T00:00:00Z"])
def test_the_last_word_counts(owner, second):
    put(owner, until="2030-06-01T12:00:00Z")
    put(owner, until=second)
    [row] = as_(owner).get(MUTES).json()
    assert (row["entity_type"], row["entity_id"], row["until"]) == ("job", 42, second)


def test_two_tabs_that_mute_and_unmute_end_alike(owner):
    client = as_(owner)
    answers = [client.put(address()), client.delete(address()), client.delete(address())]
    assert ([one.status_code for one in answers], muted(owner)) == ([204] * 3, [])


def test_a_moment_on_a_day_with_two_times_is_the_one_that_its_offset_says(owner):
    """On 27 October 2030 it is half past two twice in Berlin."""
    for offset, hour in (("+02:00", 0), ("+01:00", 1)):
        put(owner, until=f"2030-10-27T02:30:00{offset}")
        assert Mute.objects.get().until == datetime(2030, 10, 27, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize("until", ["2020-01-01T00:00:00Z", "2026-03-29T02:30:00+01:00"])
def test_a_moment_that_has_passed_is_refused(owner, until):
    answer = put(owner, until=until)
    assert (answer.status_code, codes(answer)) == (400, {"until": "in_the_past"})
    assert not Mute.objects.exists()


@pytest.mark.parametrize("until", ["2030-01-31T18:00:00", "soon", 7, "9999-01-01T00:00:00Z", [], {}])
def test_what_is_no_moment_is_refused(owner, until):
    answer = put(owner, until=until)
    assert (answer.status_code, list(codes(answer))) == (400, ["until"])


def test_what_one_may_not_see_is_not_there(outsider):
    access_host.closed.add((name_of(outsider), JOB))
    assert (put(outsider).status_code, Mute.objects.exists()) == (404, False)


@pytest.mark.parametrize(("told", "answer"), [(True, 204), (False, 404)])
def test_where_no_host_is_asked_one_mutes_what_has_a_page_for_one(outsider, owner, settings, told, answer):
    own(settings, MAY_SEE="")
    publish_and_route("job.completed", source=JOB, actor=outsider if told else owner)
    assert put(outsider).status_code == answer


def test_who_may_see_it_no_longer_may_unmute_it(outsider):
    mute(outsider, of=JOB)
    access_host.closed.add((name_of(outsider), JOB))
    assert (as_(outsider).delete(address()).status_code, Mute.objects.exists()) == (204, False)


@pytest.mark.parametrize("key", [7, "3f2c-91", "a/b", "mute", "ключ"])
def test_ids_may_be_text(outsider, key):
    entity = Entity("prompt", key)
    assert (put(outsider, entity).status_code, muted(outsider)) == (204, [key])
    assert (as_(outsider).delete(address(entity)).status_code, muted(outsider)) == (204, [])


def test_the_list_is_one_s_own_and_leaves_out_what_has_ended(owner, outsider):
    mute(outsider, of=JOB)
    mute(owner, of=JOB, until=timezone.now() - timedelta(seconds=1))
    assert muted(owner) == []


def test_the_list_is_in_pages(owner):
    for number in range(3):
        mute(owner, of=Entity("job", number))
    first = as_(owner).get(MUTES, {"limit": 2})
    assert [row["entity_id"] for row in first.json()] == [0, 1]
    assert 'rel="next"' in first["Link"]
    assert muted(owner, cursor=Mute.objects.order_by("pk")[1].pk) == [2]
