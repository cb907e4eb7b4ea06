"""A machine whose clock differs from the database's is told of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from events.checks.database import clocks_agree
from events.db import clock

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("seconds", "codes"), [(59, []), (-59, []), (61, ["carillon.W008"]), (-61, ["carillon.W008"])])
def test_more_than_a_minute_is_said(monkeypatch, seconds, codes):
    monkeypatch.setattr(clock, "ahead", lambda: timedelta(seconds=seconds))
    assert [found.id for found in clocks_agree(databases=["default"])] == codes


def test_it_is_not_asked_where_no_database_is(monkeypatch):
    monkeypatch.setattr(clock, "ahead", lambda: timedelta(hours=1))
    assert clocks_agree() == []
