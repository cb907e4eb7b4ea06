"""Settings, locks and moments of one transaction, on either database."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from events.db import clock, session
from events.models import Subscriber
from tests.events.concurrency import Running

AT = datetime(2026, 3, 5, 9, 30, 0, 250, tzinfo=timezone(timedelta(hours=2)))


def shown(name: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        value: str = cursor.fetchone()[0]
    return value


@pytest.mark.service
@pytest.mark.django_db(transaction=True)
def test_settings_end_with_their_transaction():
    before = shown("lock_timeout"), shown("enable_seqscan")
    with transaction.atomic():
        session.set_local(lock_timeout="1234ms", enable_seqscan="off")
        assert (shown("lock_timeout"), shown("enable_seqscan")) == ("1234ms", "off")
    assert (shown("lock_timeout"), shown("enable_seqscan")) == before


@pytest.mark.service
@pytest.mark.django_db(transaction=True)
def test_a_locked_table_has_one_writer_at_a_time():
    def second() -> None:
        with transaction.atomic():
            session.set_local(lock_timeout="50ms")
            session.lock_table("subscribers")

    with transaction.atomic():
        session.lock_table("subscribers")
        with pytest.raises(OperationalError, match="lock timeout"):
            Running(second).join()
    Running(second).join()


@pytest.mark.embedded
@pytest.mark.django_db
def test_settings_and_locks_are_nothing_on_sqlite(django_assert_num_queries):
    with django_assert_num_queries(0):
        session.set_local(lock_timeout="1s")
        session.lock_table("subscribers")


@pytest.mark.django_db
@pytest.mark.parametrize(("later", "is_found"), [(0, True), (1, False)])
def test_moments_are_compared_as_they_are_stored(later, is_found):
    row = Subscriber.objects.create(name="a", retry_at=AT)
    until = session.datetime_param(AT - timedelta(microseconds=later))
    found = Subscriber.objects.raw("SELECT id FROM subscribers WHERE name = 'a' AND retry_at <= %s", [until])
    assert [each.pk for each in found] == [row.pk] * is_found


def test_an_instant_is_spelled_in_utc():
    assert clock.instant(AT) == "2026-03-05T07:30:00.000250Z"
    assert clock.instant(datetime(2026, 3, 5, tzinfo=UTC)) == "2026-03-05T00:00:00Z"
    assert clock.instant(None) is None


def test_a_trial_leaves_nothing_behind(committed):
    with session.trial(milliseconds=1000):
        Subscriber.objects.create(name="tried")
    assert not Subscriber.objects.exists()


@pytest.mark.embedded
def test_a_trial_on_sqlite_puts_its_settings_back(committed):
    def settings() -> list[int]:
        with connection.cursor() as cursor:
            return [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("busy_timeout", "cache_size")]

    before = settings()
    with session.trial(milliseconds=7):
        assert settings() == [7, 1]
    assert settings() == before


def limited(statement: str, *, after: float = 0.0) -> None:
    with session.limited(seconds=0.01), connection.cursor() as cursor:
        time.sleep(after)
        cursor.execute(statement)


@pytest.mark.django_db
def test_limited_code_that_fails_breaks_no_other_statement():
    with pytest.raises(DatabaseError, match="no_such_table"):
        limited("SELECT * FROM no_such_table")
    assert not Subscriber.objects.filter(name="nobody").exists()


@pytest.mark.django_db
def test_limited_code_begins_no_statement_after_its_time():
    with pytest.raises(TimeoutError, match=r"longer than 0\.01 s"):
        limited("SELECT 1", after=0.02)
    assert not Subscriber.objects.filter(name="nobody").exists()


@pytest.mark.service
@pytest.mark.django_db
def test_the_limit_of_others_is_as_it_was_before():
    with transaction.atomic():
        session.set_local(statement_timeout="7s")
        with session.limited(seconds=2):
            assert shown("statement_timeout") == "2s"
        assert shown("statement_timeout") == "7s"
        with pytest.raises(ZeroDivisionError), session.limited(seconds=2):
            raise ZeroDivisionError
        assert shown("statement_timeout") == "7s"
