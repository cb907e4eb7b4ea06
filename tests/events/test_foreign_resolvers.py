"""Resolvers of other apps: whatever they answer or raise, an entity has a path as plain text, or none."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from events import entities
from events.entities import Entity, register_entity
from events.models import EventType


@pytest.fixture(autouse=True)
def _own_entities(monkeypatch) -> None:
    for name in ("_resolvers", "_resting"):
        monkeypatch.setattr(entities, name, {})
    monkeypatch.setattr(entities, "_reported", set())


def url(answer: Any) -> str | None:
    register_entity("shot", url=lambda _: answer() if callable(answer) and not isinstance(answer, str) else answer)
    return Entity("shot", 7).url


@pytest.mark.parametrize(
    "answer", ["/shots/7/", lazystr("/shots/7/"), gettext_lazy("/shots/7/"), mark_safe("/shots/7/")]
)
def test_text_of_any_kind_is_plain_text(answer):
    assert url(answer) == "/shots/7/"


def failing() -> str:
    raise RuntimeError("no such shot")


@pytest.mark.parametrize("answer", [7, 7.5, b"/shots/7/", True, ["/"], object(), "\ud800", "/" * 2001, failing])
def test_what_is_none_or_fails_is_no_link(answer, caplog):
    assert url(answer) is None
    assert "the resolver of shot entities fails" in caplog.text


def test_none_is_no_failure(caplog):
    assert url(None) is None
    assert caplog.text == ""


def test_a_failure_is_logged_once_for_each_type(caplog):
    url(failing)
    for key in range(3):
        assert Entity("shot", key).url is None
    register_entity("scene", url=lambda _: 5)  # type: ignore[arg-type, return-value]
    assert Entity("scene", 1).url is None
    assert [record.args for record in caplog.records] == [("shot",), ("scene",)]


def test_a_slow_one_rests_ten_times_as_long_as_it_took(monkeypatch, caplog):
    now, calls = [100.0], []
    monkeypatch.setattr("events.entities.time.monotonic", lambda: now[0])

    def slow(key: int) -> str:
        calls.append(key)
        now[0] += 5
        return "/slow/"

    register_entity("shot", url=slow)
    assert [Entity("shot", key).url for key in range(20)] == ["/slow/"] + [None] * 19
    now[0] += 50
    assert Entity("shot", 20).url == "/slow/"
    assert (calls, len(caplog.records)) == ([0, 20], 1)


@pytest.mark.django_db
def test_a_statement_that_fails_fails_no_transaction():
    def broken(_key: int) -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM no_such_table")
        return "/"

    register_entity("shot", url=broken)
    assert Entity("shot", 7).url is None
    assert EventType.objects.exists()


@pytest.mark.django_db
def test_one_that_asks_nothing_costs_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert url("/shots/7/") == "/shots/7/"
