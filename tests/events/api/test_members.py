"""Memberships over HTTP."""

from __future__ import annotations

import pytest

from events import api_keys
from events.entities import Entity
from events.memberships import grant
from events.models import Membership
from tests.api_client import V1, as_, bearing, codes

MEMBERS = f"{V1}/entities/job/7/members"


def test_a_person_gets_one_role_and_then_another(admin, owner):
    client = as_(admin)
    answer = client.put(f"{MEMBERS}/{owner.pk}", {"role": "owner"})
    assert answer.status_code == 200
    assert answer.json() == {"user_id": owner.pk, "role": "owner", "created_at": answer.json()["created_at"]}
    client.put(f"{MEMBERS}/{owner.pk}", {"role": "watcher"})
    assert [(row["user_id"], row["role"]) for row in client.get(MEMBERS).json()] == [(owner.pk, "watcher")]


def test_taking_a_tie_away_twice_is_fine(admin, owner):
    grant(Entity("job", 7), user=owner, role="owner")
    for _time in range(2):
        assert as_(admin).delete(f"{MEMBERS}/{owner.pk}").status_code == 204
    assert not Membership.objects.exists()


def test_members_of_other_entities_are_not_listed(admin, owner):
    grant(Entity("job", 8), user=owner, role="owner")
    grant(Entity("project", 7), user=owner, role="owner")
    assert as_(admin).get(MEMBERS).json() == []


@pytest.mark.parametrize("user_id", [99999, 2**31, 2**63 - 1])
def test_an_unknown_person_is_404(admin, user_id):
    answer = as_(admin).put(f"{MEMBERS}/{user_id}", {"role": "owner"})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_user")
    assert as_(admin).delete(f"{MEMBERS}/{user_id}").status_code == 204


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"role": "required"}),
        ({"role": "boss"}, {"role": "invalid_role"}),
        ({"role": 1}, {"role": "invalid"}),
        ({"role": "owner", "since": 1}, {"since": "unknown_field"}),
    ],
)
def test_bad_roles_are_named(admin, owner, body, expected):
    answer = as_(admin).put(f"{MEMBERS}/{owner.pk}", body)
    assert (answer.status_code, codes(answer)) == (400, expected)


@pytest.mark.parametrize("kind", ["Job", "job%201", "j" * 65, "%FF"])
def test_what_is_no_entity_type_is_named(admin, kind):
    answer = as_(admin).get(f"{V1}/entities/{kind}/7/members")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_entity")


@pytest.mark.parametrize("method", ["put", "delete"])
def test_a_restricted_key_writes_memberships_within_its_fence(admin, owner, method):
    _key, text = api_keys.issue(admin, publish_patterns=["job.*"])
    write = getattr(bearing(text), method)
    assert write(f"{MEMBERS}/{owner.pk}", {"role": "owner"}).status_code in (200, 204)
    answer = write(f"{V1}/entities/project/7/members/{owner.pk}", {"role": "owner"})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")
    assert "memberships of 'project'; it covers job." in answer.json()["detail"]
    assert not Membership.objects.filter(entity_type="project").exists()


def test_a_key_that_covers_none_writes_none(admin, owner):
    _key, text = api_keys.issue(admin, publish_patterns=["job.*"], member_types=[])
    answer = bearing(text).put(f"{MEMBERS}/{owner.pk}", {"role": "owner"})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_restricted")


def test_a_membership_remembers_who_wrote_it_last(admin, owner):
    key, text = api_keys.issue(admin, publish_patterns=["job.*"])
    bearing(text).put(f"{MEMBERS}/{owner.pk}", {"role": "owner"})
    tie = Membership.objects.get()
    assert (tie.written_by_user, tie.written_by_key) == (admin, key)
    as_(admin).put(f"{MEMBERS}/{owner.pk}", {"role": "owner"})
    tie.refresh_from_db()
    assert (tie.written_by_user, tie.written_by_key) == (admin, None)
    grant(Entity("job", 7), user=owner, role="owner")
    tie.refresh_from_db()
    assert (tie.written_by_user, tie.written_by_key) == (None, None)


def test_the_list_is_read_page_by_page(admin, owner, member):
    for person in (owner, member):
        grant(Entity("job", 7), user=person, role="member")
    first = as_(admin).get(MEMBERS, {"limit": 1})
    following = as_(admin).get(first["Link"].split("<")[2].split(">")[0])
    assert [row["user_id"] for row in first.json() + following.json()] == [owner.pk, member.pk]


def test_a_cursor_of_another_kind_is_refused(admin):
    answer = as_(admin).get(MEMBERS, {"cursor": "1-2"})
    assert codes(answer) == {"cursor": "invalid_cursor"}
