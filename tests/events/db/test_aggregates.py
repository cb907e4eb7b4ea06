"""Many whole numbers come as one value."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from events.db.aggregates import Numbers
from events.models import Membership

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
    assert User.objects.filter(username="nobody").aggregate(ids=Numbers("pk")) == {"ids": []}


def test_a_slice_has_its_own_numbers(owner, member):
    first = User.objects.order_by("pk")[:1]
    assert first.aggregate(ids=Numbers("pk")) == {"ids": [first[0].pk]}


def test_ten_thousand_are_one_query(django_assert_num_queries):
    users = User.objects.bulk_create([User(username=f"u{number}") for number in range(10_000)])
    with django_assert_num_queries(1):
        found = User.objects.filter(username__startswith="u").aggregate(ids=Numbers("pk"))
    assert sorted(found["ids"]) == [user.pk for user in users]
