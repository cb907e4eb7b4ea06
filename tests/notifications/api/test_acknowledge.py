"""A critical one is acknowledged over the API by whoever was told of it."""

from __future__ import annotations

import pytest

from events.bus import publish
from notifications.inbox import feed
from tests.accounts.factory import name_of
from tests.api_client import as_
from tests.notifications.factories.routing import JOB, define, route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_tied")]
BASE = "/api/v1/notifications"


@pytest.fixture
def row(owner) -> int:
    escalates = {"is_critical": True, "acknowledge_minutes": 5, "escalates_to": ["admins"]}
    define("odd.fire", category="odd", audience=["owner", "members"], **escalates)
    route(publish("odd.fire", source=JOB))
    return feed.page(owner.pk)[0].pk


def test_it_names_who_has_it_once_and_again(owner, row):
    first, again = (as_(owner).post(f"{BASE}/{row}/acknowledge") for _ in range(2))
    assert (first.status_code, first["X-Unread-Count"]) == (200, "1")
    assert first.json() == again.json()
    assert (first.json()["user_id"], first.json()["name"]) == (owner.pk, name_of(owner))


def test_the_list_says_who_is_on_it(owner, member, row):
    assert as_(member).get(BASE).json()[0]["acknowledged_by"] == ""
    as_(owner).post(f"{BASE}/{row}/acknowledge")
    assert as_(member).get(BASE).json()[0]["acknowledged_by"] == name_of(owner)


def test_another_s_is_404(outsider, row):
    assert as_(outsider).post(f"{BASE}/{row}/acknowledge").status_code == 404


def test_one_that_waits_for_nobody_is_409(owner):
    define("odd.news", category="odd", audience=["owner"])
    route(publish("odd.news", source=JOB))
    answer = as_(owner).post(f"{BASE}/{feed.page(owner.pk)[0].pk}/acknowledge")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_acknowledgeable")
