"""Many rows in one statement, and what their values are on either database."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from events.db.arrays import any_of, id_range
from events.db.rows import delete_rows, insert_rows, update_rows, values_table
from events.models import Event, EventType, Membership, Subscriber
from tests.accounts.factory import new_person

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 3, 5, 9, 30, 0, 250, tzinfo=UTC)
TIE = {"entity_type": "text", "entity_id": "bigint", "user_id": "bigint", "role": "text"}


def tie(*rows: Any, **options: Any) -> list[tuple[Any, ...]]:
    return insert_rows("memberships", columns=TIE, rows=rows, **options)


def ties() -> list[tuple[int | None, str]]:
    return sorted(Membership.objects.values_list("entity_id", "role"))


@pytest.fixture
def subscribers():
    return Subscriber.objects.bulk_create([Subscriber(name=f"s{number}", position=number) for number in range(3)])


def test_moments_uuids_and_nothing_are_written_as_the_orm_writes_them(subscribers):
    token = uuid.uuid4()
    columns = {"id": "bigint", "retry_at": "timestamptz", "lease_token": "uuid"}
    rows = [(subscribers[0].pk, MOMENT, None), (subscribers[1].pk, None, token), (subscribers[2].pk, None, None)]
    update_rows("subscribers", columns=columns, rows=rows)
    written = Subscriber.objects.filter(name__startswith="s").order_by("id").values_list("retry_at", "lease_token")
    assert list(written) == [(MOMENT, None), (None, token), (None, None)]
    assert Subscriber.objects.filter(retry_at=MOMENT, lease_token=None).exists()
    assert Subscriber.objects.filter(lease_token=token).exists()


@pytest.mark.parametrize("count", [1, 2])
def test_bytes_travel_beside_other_values(count):
    rows = [(number, bytes([0, 255, number]), 'a"\\b') for number in range(count)]
    source, params = values_table({"number": "bigint", "body": "bytea", "words": "text"}, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT number, body, words FROM {source} AS given ORDER BY number", params)
        assert [(number, bytes(body), words) for number, body, words in cursor.fetchall()] == rows


@pytest.mark.parametrize("payloads", [[{"a": "ü", "n": [1, None]}], [{"a": 1}, {}]])
def test_json_is_written_as_the_orm_reads_it(payloads):
    type_id = EventType.objects.get(name="job.started").pk
    columns = {"event_type_id": "bigint", "payload": "jsonb", "publisher": "text"}
    written = insert_rows(
        "events", columns=columns, rows=[(type_id, payload, "test") for payload in payloads], returning=("id",)
    )
    assert [Event.objects.get(pk=pk).payload for (pk,) in written] == payloads


def test_new_rows_give_back_what_is_asked_for(owner, member):
    rows = [("job", 1, owner.pk, "owner"), ("job", 2, member.pk, "member")]
    assert tie(*rows, returning=("entity_id", "role")) == [(1, "owner"), (2, "member")]
    assert ties() == [(1, "owner"), (2, "member")]


def test_a_row_in_the_way_stays_or_changes_as_is_said(owner):
    tie(("job", 1, owner.pk, "member"))
    tie(("job", 1, owner.pk, "owner"), ("job", 2, owner.pk, "owner"), on_conflict="DO NOTHING")
    assert ties() == [(1, "member"), (2, "owner")]
    tie(("job", 1, owner.pk, "owner"), on_conflict="(entity_type, entity_id, user_id) DO UPDATE SET role = 'owner'")
    assert ties() == [(1, "owner"), (2, "owner")]


def test_only_rows_with_the_whole_key_change(owner, member):
    tie(("job", 1, owner.pk, "member"), ("job", 1, member.pk, "member"), ("job", 2, owner.pk, "member"))
    columns = {"user_id": "bigint", "entity_id": "bigint", "role": "text"}
    rows = [(owner.pk, 1, "owner"), (member.pk, 2, "owner")]
    update_rows("memberships", key=("user_id", "entity_id"), columns=columns, rows=rows)
    assert Membership.objects.get(role="owner") == Membership.objects.get(user=owner, entity_id=1)


def test_an_assignment_counts_from_what_the_row_holds(subscribers):
    rows = [(row.pk, 10) for row in subscribers]
    moved = update_rows(
        "subscribers",
        columns={"id": "bigint", "by": "bigint"},
        rows=rows,
        assign={"position": 'subscribers.position + new."by"'},
        where=any_of("subscribers.id", [subscribers[0].pk, subscribers[2].pk]),
        returning=("id", "position"),
    )
    assert sorted(moved) == [(subscribers[0].pk, 10), (subscribers[2].pk, 12)]
    assert Subscriber.objects.get(pk=subscribers[1].pk).position == 1


@pytest.mark.parametrize(("key", "count"), [("user_id", 2), ("id", 1)])
def test_rows_with_one_of_the_values_are_deleted_and_counted(owner, member, key, count):
    tie(*[("job", job, user.pk, "owner") for job, user in [(1, owner), (2, owner), (1, member)]])
    gone = Membership.objects.filter(user=owner).order_by("pk").values_list(key, flat=True)[0]
    assert delete_rows("memberships", key=key, values=[gone, 2**40]) == count
    assert Membership.objects.count() == 3 - count


def test_no_rows_are_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert tie(returning=("id",)) == []
        assert update_rows("subscribers", columns={"id": "bigint", "name": "text"}, rows=[]) == []
        assert delete_rows("subscribers", values=[]) == 0


def test_a_range_of_ids_has_both_its_ends(subscribers):
    condition, params = id_range("id", [row.pk for row in subscribers])
    assert Subscriber.objects.extra(where=[condition], params=params).count() == 3


def test_everything_of_the_whole_is_one_statement(django_assert_num_queries):
    users = get_user_model().objects.bulk_create([new_person(f"u{number}") for number in range(5_000)])
    with django_assert_num_queries(1):
        made = tie(*[("job", 1, user.pk, "member") for user in users], returning=("user_id",))
    assert [user for (user,) in made] == [user.pk for user in users]
