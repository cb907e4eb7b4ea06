"""Lines that others write at each try while a server is away: the first of them, and bugs always."""

from __future__ import annotations

import logging

import pytest
from django.db import OperationalError

from config.repeated_lines import OncePerOutage


def is_written(name: str, message: str, *args: object, error: Exception | None = None, status: int = 0) -> bool:
    exc_info = (type(error), error, None) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, exc_info)
    if status:
        record.status_code = status
    return OncePerOutage().filter(record)


def test_the_first_503_is_written_and_every_500_is():
    said = [is_written("django.request", "%s: %s", "Service Unavailable", path, status=503) for path in "abc"]
    assert said == [True, False, False]
    assert all(is_written("django.request", "%s: %s", "Error", path, status=500) for path in "abc")


@pytest.mark.parametrize("name", ["celery.app.trace", "django_celery_beat.schedulers", "django.db.backends.base"])
def test_of_a_database_that_is_away_the_first_line_is_written_and_of_a_bug_each(name):
    away, bug = OperationalError("connection refused"), ZeroDivisionError()
    assert [is_written(name, "It failed: %r", away, error=away) for _ in range(3)] == [True, False, False]
    assert all(is_written(name, "It failed: %r", bug, error=bug) for _ in range(3))


def test_what_others_write_is_left_alone():
    assert all(is_written("a.host.s.own", "It failed") for _ in range(3))
