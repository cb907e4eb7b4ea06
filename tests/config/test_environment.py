"""Settings from the environment: what is accepted, and the one sentence about what is not."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
from collections import ChainMap
from pathlib import Path

import pytest

from config import environment as env

ROOT = Path(__file__).resolve().parent.parent.parent
MANAGE = ("manage.py", "check")
WORKER = ("-m", "celery", "-A", "config", "worker")
DAPHNE = ("-m", "daphne", "config.asgi:application")


@pytest.fixture
def given(monkeypatch):
    return lambda value: monkeypatch.setenv("VALUE", value)


@pytest.mark.parametrize(("value", "meant"), [("1", True), ("Yes", True), ("off", False), ("", True)])
def test_booleans_are_read_and_empty_means_the_default(given, value, meant):
    given(value)
    assert env.boolean("VALUE", default=True) is meant


@pytest.mark.parametrize("value", ["maybe", "2", "truee"])
def test_what_is_no_boolean_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=f"VALUE is '{value}'; it must be true or false"):
        env.boolean("VALUE", default=True)


@pytest.mark.parametrize("value", ["-1", "1.5", "ten", "٣", "101", pytest.param("9" * 5000, id="long")])
def test_what_is_no_whole_number_in_range_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE .* whole number from 0 to 100"):
        env.integer("VALUE", default=5, least=0, most=100)


@pytest.mark.parametrize("value", ["https://example.com", "http://localhost:8000, https://*.example.com"])
def test_origins_have_a_scheme_and_a_host(given, value):
    given(value)
    assert env.origins("VALUE") == value.split(", ")


@pytest.mark.parametrize("value", ["example.com", "https://", "https://example.com/path", "ftp://example.com"])
def test_what_is_no_origin_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE has .*; each must be a scheme and a host"):
        env.origins("VALUE")


@pytest.mark.parametrize(
    "value", ["localhost:6379", "http://localhost", "redis://", "redis://localhost:x", "redis://["]
)
def test_what_is_no_redis_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE is not a Redis address"):
        env.redis("VALUE")


@pytest.mark.parametrize(
    "value", ["mysql://root@localhost/x", "postgres://localhost", "nonsense", "postgres://a:b@h:x/n"]
)
def test_what_is_no_database_is_named(given, value, tmp_path):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE is not an? .*; it must read as in postgres://"):
        env.database("VALUE", default_file=tmp_path / "x")


def test_a_password_is_never_repeated(given, tmp_path):
    given("postgres://user:hunter2@host:port/name")
    with pytest.raises(env.UnreadableSettingError) as error:
        env.database("VALUE", default_file=tmp_path / "x")
    assert "hunter2" not in str(error.value)


def test_a_database_in_no_folder_is_named(given, tmp_path):
    given(f"sqlite:///{tmp_path}/missing/db.sqlite3")
    with pytest.raises(env.UnreadableSettingError, match=r"missing, which is not a folder"):
        env.database("VALUE", default_file=tmp_path / "x")


def test_without_a_database_there_is_a_file_whose_writers_wait(given, tmp_path):
    given("")
    config = env.database("VALUE", default_file=tmp_path / "var" / "carillon.sqlite3")
    assert config["NAME"] == str(tmp_path / "var" / "carillon.sqlite3")
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_sqlite_answers_a_commit_once_it_is_on_the_disk(tmp_path):
    config = env.database("VALUE", default_file=tmp_path / "carillon.sqlite3")
    with contextlib.closing(sqlite3.connect(config["NAME"])) as connection:
        connection.executescript(config["OPTIONS"]["init_command"])
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_postgresql_keeps_no_connection_that_it_would_not_find_again(given, tmp_path):
    given("postgres://carillon@localhost/carillon")
    config = env.database("VALUE", default_file=tmp_path / "x")
    assert (config["CONN_MAX_AGE"], config["CONN_HEALTH_CHECKS"]) == (0, True)


def test_a_demo_needs_debug(given):
    given("true")
    with pytest.raises(env.UnreadableSettingError, match="needs DEBUG=true"):
        env.demo("VALUE", debug=False)


@pytest.mark.process
@pytest.mark.parametrize("command", [MANAGE, WORKER, DAPHNE], ids=["manage", "celery", "daphne"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("DEBUG", "maybe"), ("SECRET_KEY", ""), ("DATABASE_URL", "mysql://x/y"), ("EVENT_BUS_CAPACITY", "0")],
)
def test_a_process_that_can_t_read_its_settings_says_one_sentence(command, name, value):
    environment = {**os.environ, "DEBUG": "false", "SECRET_KEY": "x" * 60, name: value}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(name)
    assert len((done.stdout + done.stderr).splitlines()) == 1


def test_the_keys_of_before_come_from_the_environment():
    environment = {**os.environ, "SECRET_KEY": "new", "SECRET_KEY_FALLBACKS": "old, older"}
    shown = "from django.conf import settings; print(settings.SECRET_KEY_FALLBACKS)"
    ran = subprocess.run(
        [sys.executable, "-c", shown],
        env=environment | {"DJANGO_SETTINGS_MODULE": "config.settings"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "['old', 'older']\n"


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("carillon@localhost", "carillon@localhost"),
        ("Carillon <carillon@mail_host>", '"Carillon" <carillon@mail_host>'),
        ('"Carillon, Inc." <a+b@example.com>', '"Carillon, Inc." <a+b@example.com>'),
        ("Carillon, Inc. <a@example.com>", '"Carillon, Inc." <a@example.com>'),
        ("Büro <a@Bücher.example>", '"Büro" <a@xn--bcher-kva.example>'),
        ("a@[127.0.0.1]", "a@[127.0.0.1]"),
    ],
)
def test_a_mailbox_is_spelled_as_mail_servers_know_it(given, value, meant):
    given(value)
    assert env.mailbox("VALUE", default="") == meant


@pytest.mark.parametrize(
    "value",
    ["nobody", "a@", "@b", "büro@example.com", "a@b, c@d", "a@b c@d", "A <a@b", "a@b>", "A <a@b>\r\nBcc: x", "a@-ü-"],
)
def test_what_is_no_mailbox_is_named(given, value):
    given(value)
    with pytest.raises(env.UnreadableSettingError, match=r"VALUE is .*; it must be one address, as in Carillon <"):
        env.mailbox("VALUE", default="")


def test_a_base_url_in_other_letters_is_spelled_for_headers(given):
    given("https://bücher.example:8443/")
    assert env.base_url("VALUE", default="") == "https://xn--bcher-kva.example:8443"


@pytest.fixture
def file(monkeypatch, tmp_path):
    """A .env of these lines, read under this environment."""
    monkeypatch.setattr(env, "_given", ChainMap(os.environ))
    for name in ("DEBUG", "SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)

    def read(*lines: str, **environment: str) -> None:
        (tmp_path / ".env").write_text("\n".join(lines))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        env.read_file(tmp_path / ".env")

    return read


def test_what_the_environment_doesn_t_say_a_file_says(file):
    file("SMTP_HOST='mail.example.com'  # ours", "DEBUG=true", "VALUE=7", VALUE="5")
    assert (env.text("SMTP_HOST", default=""), env.boolean("DEBUG", default=False)) == ("mail.example.com", True)
    assert env.integer("VALUE", default=0, least=0) == 5


def test_no_file_is_no_fault(monkeypatch, tmp_path):
    monkeypatch.setattr(env, "_given", ChainMap(os.environ))
    env.read_file(tmp_path / ".env")
    assert env.text("NOT_SET_ANYWHERE", default="x") == "x"


def test_what_a_file_says_reaches_no_child_process(file):
    file("VALUE=7")
    assert "VALUE" not in os.environ


@pytest.mark.parametrize(
    "environment", [{"SECRET_KEY": "x" * 60}, {"DEBUG": "false"}, {"DEBUG": "0", "SECRET_KEY": "x" * 60}]
)
def test_production_refuses_a_file_with_debug(file, environment):
    with pytest.raises(env.UnreadableSettingError, match=r"DEBUG is 'true' in .*\.env, .* remove the line or the file"):
        file("SECRET_KEY=of-this-checkout", "DEBUG=true", **environment)


@pytest.mark.parametrize("environment", [{}, {"DEBUG": "true"}, {"DEBUG": "true", "SECRET_KEY": "x" * 60}])
def test_development_takes_a_file_with_debug(file, environment):
    file("SECRET_KEY=of-this-checkout", "DEBUG=true", **environment)
    assert env.boolean("DEBUG", default=False)


@pytest.mark.parametrize("line", ["DEBUG=false", "DEBUG=", "# DEBUG=true", "SECRET_KEY=of-this-checkout"])
def test_production_takes_a_file_without_debug(file, line):
    file(line, SECRET_KEY="x" * 60)
    assert not env.boolean("DEBUG", default=False)
