"""Event types declared in code: put into the table by migrate, and what an admin changed is left alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from events import declarations
from events.declarations import declare, sync
from events.models import EventType

pytestmark = pytest.mark.django_db
PAID: dict[str, Any] = {"category": "billing", "title_template": "Paid", "sample": {"amount": 3}}


@pytest.fixture(autouse=True)
def _nothing_declared(monkeypatch) -> None:
    monkeypatch.setattr(declarations, "_declared", {})


def again(**columns: object) -> EventType:
    """A new version of the code declares it so."""
    declarations._declared.clear()
    declare("billing.paid", **(PAID | columns))
    sync()
    return EventType.objects.get(name="billing.paid")


def test_a_declared_type_is_in_the_table_after_migrate():
    row = again(audience=["everyone"], is_critical=True)
    assert (row.category, row.rules, row.is_critical, row.sample) == ("billing", ["everyone"], True, {"amount": 3})


def test_what_code_changes_is_changed():
    again()
    assert again(title_template="Paid: {{ payload.amount }}").title_template == "Paid: {{ payload.amount }}"


def test_what_an_admin_changed_stays_and_the_rest_follows_the_code():
    row = again()
    row.title_template = "Money came in"
    row.save()
    row = again(title_template="Paid up", description="An invoice was paid")
    assert (row.title_template, row.description) == ("Money came in", "An invoice was paid")


def test_a_type_that_was_there_before_keeps_what_it_has():
    EventType.objects.create(name="billing.paid", category="money")
    assert again().category == "money"


def test_the_queries_grow_only_with_the_types_that_differ(django_assert_num_queries):
    with django_assert_num_queries(0):
        sync()
    for number in range(3):
        declare(f"billing.kind{number}", **PAID)
    # Migrations, savepoint, known types, INSERT, savepoint.
    for queries in (6, 5):
        with django_assert_num_queries(queries):
            sync()


def test_syncing_twice_changes_nothing():
    before = again()
    sync()
    assert EventType.objects.get(pk=before.pk).updated_at == before.updated_at


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"audience": ["nobody"]}, "unknown name 'nobody'"),
        ({"colour": "red"}, "declares 'colour'; accepted are name, category"),
        ({"title_template": "{% load x %}"}, "title_template"),
        ({"schema": {"type": "text"}}, "schema"),
        (
            {"schema": {"properties": {"a": {"pattern": r"(a)\1"}}}},
            r"has the pattern .* RE2 can't compile: invalid escape",
        ),
    ],
)
def test_what_could_not_work_stops_the_start(columns, said):
    with pytest.raises(ImproperlyConfigured, match=said):
        declare("billing.paid", **(PAID | columns))


def test_a_type_is_declared_once():
    declare("billing.paid", **PAID)
    with pytest.raises(ImproperlyConfigured, match="declared twice"):
        declare("billing.paid", **PAID)
