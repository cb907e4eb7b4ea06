"""Many whole numbers come as one value."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model

from events.db.aggregates import Numbers
from events.models import Membership
from tests.accounts.factory import new_person

pytestmark = pytest.mark.django_db


def test_numbers_come_by_group(owner, member):
    for role, entity_id, user in (
        ("owner", 1, owner),
        ("member", 1, member),
        ("owner", 2, owner),
        ("owner", 2, member),
    ):
        Membership.objects.create(entity_type="job", entity_id=entity_id, user=user, role=role)
    groups = Membership.objects.order_by().values("role").annotate(users=Numbers("user_id"))
    found = {group["role"]: sorted(group["users"]) for group in groups}
    assert found == {"owner": sorted([owner.pk, owner.pk, member.pk]), "member": [member.pk]}


def test_no_rows_have_no_numbers():
    assert get_user_model().objects.filter(pk=0).aggregate(ids=Numbers("pk")) == {"ids": []}


def test_a_slice_has_its_own_numbers(owner, member):
    first = get_user_model().objects.order_by("pk")[:1]
    assert first.aggregate(ids=Numbers("pk")) == {"ids": [first[0].pk]}


def test_ten_thousand_are_one_query(django_assert_num_queries):
    users = get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(10_000)])
    with django_assert_num_queries(1):
        found = get_user_model().objects.filter(pk__in=[user.pk for user in users]).aggregate(ids=Numbers("pk"))
    assert sorted(found["ids"]) == [user.pk for user in users]
