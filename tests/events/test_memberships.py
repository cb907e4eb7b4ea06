"""One role for each person and entity, granted and taken away."""

from __future__ import annotations

import pytest

from events import api_keys
from events.bus import Entity
from events.entities import entity_of
from events.errors import EntityRefused, Refused, UnknownUser
from events.memberships import grant, members_of, revoke
from events.models import Membership
from tests.accounts.factory import name_of, new_person, saved_person
from tests.events.concurrency import at_once

JOB = Entity("job", 7)


def roles(entity: Entity = JOB) -> dict[str, str]:
    return {name_of(tie.user): tie.role for tie in members_of(entity)}


@pytest.mark.parametrize("role", ["owner", "member", "watcher"])
def test_a_role_is_granted(owner, role):
    assert grant(JOB, user=owner, role=role).role == role
    assert roles() == {"owner": role}


def test_a_later_role_takes_the_place_of_the_first(owner):
    grant(JOB, user=owner, role="watcher")
    grant(JOB, user=owner.pk, role="owner")
    assert roles() == {"owner": "owner"}


def test_granting_again_says_when_it_changed(owner):
    first = grant(JOB, user=owner, role="watcher")
    assert grant(JOB, user=owner, role="owner").updated_at > first.updated_at


def test_members_come_in_the_order_they_were_tied_in_one_query(owner, member, django_assert_num_queries):
    grant(JOB, user=member, role="member")
    grant(JOB, user=owner, role="owner")
    with django_assert_num_queries(1):
        assert list(roles()) == ["member", "owner"]


def test_entities_keep_their_members_apart(owner):
    grant(JOB, user=owner, role="owner")
    assert roles(Entity("job", 8)) == roles(Entity("scene", 7)) == {}


def test_a_model_instance_is_an_entity(owner, member):
    grant(owner, user=member, role="watcher")
    assert roles(entity_of(owner)) == {"member": "watcher"}


def test_a_tie_is_taken_away_once(owner, member):
    grant(JOB, user=owner, role="owner")
    grant(JOB, user=member, role="member")
    assert revoke(JOB, user=owner)
    assert not revoke(JOB, user=owner.pk)
    assert roles() == {"member": "member"}


def test_a_tie_ends_with_its_person(owner):
    grant(JOB, user=owner, role="owner")
    owner.delete()
    assert roles() == {}


def test_a_tie_outlives_whoever_wrote_it(owner, member, admin):
    key, _text = api_keys.issue(admin)
    grant(JOB, user=owner, role="owner", by=member, key=key)
    member.delete()
    key.delete()
    tie = Membership.objects.get()
    assert (tie.written_by_user, tie.written_by_key) == (None, None)


@pytest.mark.parametrize("role", ["", "Owner", "boss", None, 1])
def test_an_unknown_role_is_refused_with_the_known_ones(owner, role):
    with pytest.raises(Refused, match="accepted are owner, member, watcher") as caught:
        grant(JOB, user=owner, role=role)
    assert (caught.value.code, caught.value.field) == ("invalid_role", "role")


@pytest.mark.parametrize("user", [0, -1, 999_999, 2**63, True, new_person("new")], ids=str)
def test_a_person_that_nobody_is_is_refused(db, user):
    saved_person("first", pk=1)
    with pytest.raises(UnknownUser) as caught:
        grant(JOB, user=user, role="owner")
    assert (caught.value.code, caught.value.field) == ("unknown_user", "user_id")
    assert not Membership.objects.exists()


def test_an_entity_that_is_none_is_refused(owner):
    with pytest.raises(EntityRefused):
        grant(new_person("new"), user=owner, role="owner")


def test_grants_at_once_leave_one_tie(committed, owner):
    at_once(*[lambda: grant(JOB, user=owner, role="owner")] * 5)
    assert roles() == {"owner": "owner"}
