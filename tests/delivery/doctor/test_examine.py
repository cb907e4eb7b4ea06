"""manage.py doctor: a line for each check, within its time, and an exit code."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from delivery.doctor import database, examine
from delivery.doctor.check import Check, Level, ok, warn, wrong

pytestmark = pytest.mark.django_db


def outside(name: str, look: Callable[[], Any]) -> Check:
    """Check that asks no database."""
    return Check(name, look, asks_database=False)


def asking(name: str, look: Callable[[], Any]) -> Check:
    return Check(name, look)


def found(*checks: Check, seconds: float = 5.0) -> dict[str, Level]:
    return {name: finding.level for name, finding in examine.examine(checks, seconds=seconds)}


@pytest.fixture
def only(monkeypatch):
    """The command makes this check alone, beside that of the database."""

    def choose(finding) -> None:
        one = outside("fake", lambda: finding)
        monkeypatch.setattr(examine.examine, "__defaults__", ((one,),))

    return choose


def test_each_check_has_a_line(capsys):
    with pytest.raises(CommandError):
        call_command("doctor")
    lines = capsys.readouterr().out
    assert all(f" {one.name}: " in lines for one in (examine.REACHED, *examine.CHECKS))


def test_what_is_wrong_is_an_error_at_the_end(only, capsys):
    only(wrong("It burns.", do="Pour water."))
    with pytest.raises(CommandError, match=r"Wrong: fake\."):
        call_command("doctor")
    assert "wrong fake: It burns.\n      Pour water.\n" in capsys.readouterr().out


def test_a_warning_is_none(only, capsys):
    only(warn("It smokes.", do="Look."))
    call_command("doctor")
    assert "warn  fake: It smokes." in capsys.readouterr().out


def test_all_of_it_is_there_as_json(only, capsys):
    only(ok("Fine."))
    call_command("doctor", "--json")
    assert json.loads(capsys.readouterr().out)[1] == {"check": "fake", "level": "ok", "said": "Fine.", "do": ""}


def test_what_hangs_is_left_behind():
    until = threading.Event()
    assert found(outside("slow", until.wait), seconds=0.1)["slow"] == Level.WRONG
    until.set()


def test_a_statement_that_hangs_ends():
    def slow() -> None:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_sleep(3)")
            cursor.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")

    assert found(asking("slow", slow), seconds=0.2)["slow"] == Level.WRONG
    assert connection.is_usable()


def test_a_check_that_fails_says_so_and_the_others_go_on():
    checks = outside("bad", lambda: 1 // 0), asking("good", lambda: ok("Fine."))
    assert found(*checks) == {"database": "ok", "bad": "wrong", "good": "ok"}


def test_without_a_database_what_asks_it_is_left_out(monkeypatch):
    away = outside("database", lambda: wrong("away", do="start it"))
    monkeypatch.setattr(examine, "REACHED", away)
    assert found(asking("asks", lambda: pytest.fail("it was asked")), outside("other", lambda: ok(""))) == {
        "database": "wrong",
        "asks": "warn",
        "other": "ok",
    }


def test_a_database_that_is_away_is_named(monkeypatch):
    class Away:
        """Stands for a connection whose server is away."""

        def copy(self) -> Away:
            return self

        def ensure_connection(self) -> None:
            raise DatabaseError("gone\nfor long")

        def close(self) -> None: ...

    monkeypatch.setattr(database, "connection", Away())
    assert database.answers().said == "It doesn't answer: gone"
