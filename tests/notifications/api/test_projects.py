"""Defaults of projects and scopes in them, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from events.bus import Entity
from events.memberships import grant
from events.models import EventType
from notifications.models import ProjectScope
from tests.api_client import V1, as_, codes

pytestmark = pytest.mark.django_db
DEFAULTS, SCOPES = f"{V1}/projects/7/defaults", f"{V1}/notifications/projects"


@pytest.fixture(autouse=True)
def _tied(owner, member) -> None:
    grant(Entity("project", 7), user=owner, role="owner")
    grant(Entity("project", 7), user=member, role="member")


def at(name: str) -> str:
    return f"{DEFAULTS}/{EventType.objects.get(name=name).pk}"


def row(user: Any, name: str) -> dict[str, Any]:
    [found] = [one for one in as_(user).get(DEFAULTS).json() if one["event_type"] == name]
    return dict(found)


def test_an_owner_sets_and_removes_a_default(owner):
    answer = as_(owner).put(at("job.completed"), {"channels": ["in_app", "email"]})
    assert (
        answer.json()
        == row(owner, "job.completed")
        == {
            "event_type_id": EventType.objects.get(name="job.completed").pk,
            "event_type": "job.completed",
            "is_set": True,
            "is_enabled": True,
            "channels": ["in_app", "email"],
        }
    )
    assert (as_(owner).delete(at("job.completed")).status_code, row(owner, "job.completed")["is_set"]) == (204, False)


def test_nobody_else_knows_of_them(member, outsider):
    for user in (member, outsider):
        answers = [as_(user).get(DEFAULTS), as_(user).put(at("job.failed"), {"is_enabled": False})]
        assert [answer.status_code for answer in [*answers, as_(user).delete(at("job.failed"))]] == [404, 404, 404]


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"channels": ["fax"]}, {"channels": "unknown_channel"}),
        ({"channels": []}, {"channels": "min_length"}),
        ({"channels": ["email", "email"]}, {"channels": "repeated"}),
        ({"scope": "all"}, {"scope": "unknown_field"}),
    ],
)
def test_what_can_t_be_a_default_is_named(owner, body, refused):
    answer = as_(owner).put(at("job.completed"), body)
    assert (answer.status_code, codes(answer)) == (400, refused)


@pytest.mark.parametrize("body", [{"is_enabled": False}, {"channels": ["email"]}])
def test_a_locked_type_keeps_what_it_has(owner, body):
    answer = as_(owner).put(at("system.gpu_critical"), body)
    assert (answer.status_code, set(codes(answer).values())) == (400, {"locked"})


def test_a_type_that_there_isn_t(owner):
    assert as_(owner).put(f"{DEFAULTS}/999999", {"is_enabled": False}).status_code == 404


def test_a_scope_is_set_listed_and_taken_back(member):
    client = as_(member)
    assert client.put(f"{SCOPES}/7", {"scope": "nothing"}).status_code == 204
    assert client.get(SCOPES).json() == [{"project_id": 7, "scope": "nothing"}]
    assert (client.delete(f"{SCOPES}/7").status_code, client.get(SCOPES).json()) == (204, [])


def test_a_scope_that_there_isn_t_is_named(member):
    answer = as_(member).put(f"{SCOPES}/7", {"scope": "some"})
    assert (answer.status_code, codes(answer)) == (400, {"scope": "unknown_scope"})


def test_of_a_project_of_which_they_may_know_nothing_is_no_scope(outsider):
    assert as_(outsider).put(f"{SCOPES}/7", {"scope": "nothing"}).status_code == 404
    assert not ProjectScope.objects.exists()


def test_a_choice_for_a_type_is_taken_back(member):
    address = f"{V1}/notifications/preferences/{EventType.objects.get(name='job.failed').pk}"
    as_(member).put(address, {"is_enabled": False})
    assert as_(member).delete(address).status_code == 204
    assert all(one["is_enabled"] for one in as_(member).get(f"{V1}/notifications/preferences").json())
