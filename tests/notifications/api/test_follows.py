"""Following and its end, over the API: by oneself, of what one may see, without touching another role."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from events import api_keys
from events.accounts import User
from events.entities import Entity
from events.memberships import grant, members_of
from events.models import Membership
from tests.accounts.factory import name_of
from tests.api_client import V1, as_, bearing
from tests.notifications.factories.routing import JOB, publish_and_route
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_host")]
FOLLOWS = f"{V1}/notifications/follows"


def address(entity: Entity = JOB) -> str:
    return f"{V1}/entities/{entity.type}/{quote(str(entity.id), safe='')}/follow"


def follow(user: User, entity: Entity = JOB) -> int:
    return as_(user).put(address(entity)).status_code


def unfollow(user: User, entity: Entity = JOB) -> int:
    return as_(user).delete(address(entity)).status_code


def role_of(user: User, entity: Entity = JOB) -> str | None:
    return members_of(entity).filter(user=user).values_list("role", flat=True).first()


def followed(user: User, **query: Any) -> list[int | str]:
    return [row["entity_id"] for row in as_(user).get(FOLLOWS, query).json()]


@pytest.fixture
def _host(settings) -> None:
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)


def test_a_follower_is_a_watcher_and_again_no_other(outsider):
    assert (follow(outsider), follow(outsider), role_of(outsider)) == (204, 204, "watcher")


def test_a_follower_is_told_until_they_stop(outsider):
    follow(outsider)
    publish_and_route("review.comment", source=JOB)
    unfollow(outsider)
    publish_and_route("review.comment", source=JOB)
    [told] = as_(outsider).get(f"{V1}/notifications").json()
    assert told["reason"] == "watcher"


def test_who_doesn_t_follow_may_stop(outsider):
    assert (unfollow(outsider), role_of(outsider)) == (204, None)


@pytest.mark.parametrize("role", ["owner", "member"])
def test_another_role_stays(owner, role):
    grant(JOB, user=owner, role=role)
    assert (follow(owner), unfollow(owner), role_of(owner)) == (204, 204, role)
    assert followed(owner) == []


def test_it_is_the_person_s_own(owner, outsider):
    follow(owner)
    follow(outsider)
    unfollow(outsider)
    assert (role_of(owner), role_of(outsider)) == ("watcher", None)


@pytest.mark.parametrize("given", ["watcher", "member"])
def test_it_says_who_wrote_it_and_leaves_what_another_wrote(owner, outsider, given):
    grant(JOB, user=owner, role=given, by=outsider)
    key, text = api_keys.issue(owner)
    for kind in (JOB, Entity("job", 43)):
        assert bearing(text).put(address(kind)).status_code == 204
    before, own_tie = Membership.objects.filter(user=owner).order_by("pk")
    assert (before.role, before.written_by_user, before.written_by_key) == (given, outsider, None)
    assert (own_tie.written_by_user, own_tie.written_by_key) == (owner, key)


def test_what_one_may_not_see_is_not_there(outsider):
    access_host.closed.add((name_of(outsider), JOB))
    assert (follow(outsider), role_of(outsider)) == (404, None)


def test_where_the_host_fails_nobody_begins_to_follow(outsider):
    access_host.broken.append(RuntimeError("down"))
    assert (follow(outsider), role_of(outsider)) == (404, None)


@pytest.mark.parametrize(("told", "answer"), [(True, 204), (False, 404)])
def test_where_no_host_is_asked_one_follows_what_has_a_page_for_one(outsider, owner, settings, told, answer):
    own(settings, MAY_SEE="")
    publish_and_route("job.completed", source=JOB, actor=outsider if told else owner)
    assert follow(outsider) == answer


def test_who_may_see_it_no_longer_may_stop(outsider):
    follow(outsider)
    access_host.closed.add((name_of(outsider), JOB))
    assert (unfollow(outsider), role_of(outsider)) == (204, None)


@pytest.mark.parametrize("key", [7, "3f2c-91", "a/b", "007", "follow", "ключ"])
def test_ids_may_be_text(outsider, key):
    entity = Entity("prompt", key)
    assert (follow(outsider, entity), followed(outsider)) == (204, [key])
    assert (unfollow(outsider, entity), followed(outsider)) == (204, [])


@pytest.mark.parametrize("method", ["put", "delete"])
@pytest.mark.parametrize("path", ["Job/1", "job/a%20b"])
def test_what_is_no_entity_is_refused(outsider, method, path):
    answer = getattr(as_(outsider), method)(f"{V1}/entities/{path}/follow")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_entity")


def test_the_list_is_in_pages(owner):
    for number in range(3):
        follow(owner, Entity("job", number))
    first = as_(owner).get(FOLLOWS, {"limit": 2})
    assert [row["entity_type"] for row in first.json()] == ["job", "job"]
    assert 'rel="next"' in first["Link"]
    assert followed(owner, cursor=Membership.objects.order_by("pk")[1].pk) == [2]


def test_the_list_is_one_s_own(owner, outsider):
    follow(owner)
    assert followed(outsider) == []
