"""Sets travel as one parameter, however many they hold."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.bus import NewEvent, publish, publish_many
from events.db.rows import values_table
from events.models import Event, EventType, Membership
from tests.events.strategies import TEXT

pytestmark = pytest.mark.django_db

EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BIGINT = st.integers(-(2**63), 2**63 - 1)
COLUMNS = {"number": "bigint", "words": "text", "flag": "boolean"}


def selected(columns: dict[str, str], rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    source, params = values_table(columns, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(columns)} FROM {source} AS given", params)
        return [tuple(row) for row in cursor.fetchall()]


@EXAMPLES
@given(st.lists(st.tuples(st.none() | BIGINT, st.none() | TEXT, st.none() | st.booleans()), max_size=8))
def test_rows_come_back_as_they_were_given(db, rows):
    assert selected(COLUMNS, rows) == rows


def test_a_table_of_no_rows_is_empty():
    assert selected(COLUMNS, []) == []


def test_ten_thousand_rows_keep_their_order():
    rows = [(number,) for number in range(10_000)]
    assert selected({"number": "bigint"}, rows) == rows


@pytest.mark.parametrize("far", [2**31, -(2**31) - 1, 2**32, 2**63, 2**64, 10**400])
def test_a_number_that_no_such_column_holds_is_nobodys(owner, far):
    assert list(get_user_model().objects.filter(pk__in_set=[far, owner.pk])) == [owner]
    assert not Membership.objects.filter(user_id__in_set=[far]).exists()


@EXAMPLES
@given(st.sets(st.integers(0, 9)), st.sets(BIGINT, max_size=5))
def test_numbers_are_found_as_with_in(db, near, far):
    if not Event.objects.exists():
        publish_many(NewEvent("job.started", project_id=number) for number in range(10))
    found = Event.objects.filter(project_id__in_set=near | far).values_list("project_id", flat=True)
    assert set(found) == {number for number in near | far if 0 <= number <= 9}


@EXAMPLES
@given(st.lists(TEXT | st.sampled_from(["job.started", "job.failed"])))
def test_texts_are_found_as_with_in(db, names):
    found = EventType.objects.filter(name__in_set=names).values_list("name", flat=True)
    assert set(found) == set(names) & set(EventType.objects.values_list("name", flat=True))


def test_foreign_keys_and_what_they_lead_to_are_searched_too(owner, member):
    publish("job.started", actor=owner)
    publish("job.failed", actor=member)
    assert Event.objects.get(actor_user__in_set=[owner.pk]).event_type.name == "job.started"
    assert Event.objects.get(event_type__name__in_set={"job.failed"}).actor_user == member


def test_what_is_not_in_a_set_is_found_by_exclusion():
    publish_many(NewEvent("job.started", project_id=number) for number in range(3))
    assert Event.objects.exclude(project_id__in_set=[0, 2]).get().project_id == 1


def test_an_empty_set_holds_nothing():
    assert not EventType.objects.filter(pk__in_set=[]).exists()
    assert EventType.objects.exclude(pk__in_set=[]).count() == EventType.objects.count()


@pytest.mark.parametrize("count", [1, 40_000])
def test_any_number_of_keys_is_one_statement_and_one_parameter(count):
    with CaptureQueriesContext(connection) as queries:
        assert not Event.objects.filter(pk__in_set=range(count)).exists()
    assert len(queries) == 1
    _sql, params = Event.objects.filter(pk__in_set=range(count)).query.sql_with_params()
    assert len(params) == 1
