"""Trouble that passes is a 503 that says when to come back: over page, form, admin, API, metrics and socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection
from django.test import Client

from events import api_keys
from tests.api_client import V1, as_, bearing
from tests.conftest import PASSWORD
from tests.events.concurrency import Running, until
from tests.events.fakes.database_errors import of_sqlstate, reading_only
from tests.notifications.fakes.websocket_server import serving


@pytest.fixture
def signed_in(committed, admin) -> Client:
    return as_(admin)


@pytest.fixture
def key(committed, admin) -> Client:
    return bearing(api_keys.issue(admin)[1])


@pytest.fixture
def no_connections(signed_in, key) -> Iterator[None]:
    """A pool of one connection, which somebody else has."""
    connection.close()
    connection.settings_dict["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 0.1}
    has_it, gives_it_back = threading.Event(), threading.Event()

    def have_it() -> None:
        connection.ensure_connection()
        has_it.set()
        gives_it_back.wait(60)

    somebody_else = Running(have_it)
    until(has_it.is_set)
    yield
    gives_it_back.set()
    somebody_else.join()
    connection.close_pool()  # type: ignore[attr-defined]  # only PostgreSQL's wrapper has it
    del connection.settings_dict["OPTIONS"]["pool"]


@pytest.mark.service
@pytest.mark.usefixtures("no_connections")
@pytest.mark.parametrize("path", ["/notifications/", "/admin/", "/metrics", "/catalogue/"])
def test_pages_without_a_connection_say_when_to_come_back(signed_in, path):
    answer = signed_in.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert b"The database isn&#x27;t answering right now" in answer.content


@pytest.mark.service
@pytest.mark.usefixtures("no_connections")
@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_signing_in_without_a_connection_says_when_to_come_back(client, admin, path):
    answer = client.post(path, {"username": admin.get_username(), "password": PASSWORD})
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")


@pytest.mark.service
@pytest.mark.usefixtures("no_connections")
def test_the_api_without_a_connection_says_so_in_json(signed_in, key):
    for client in (signed_in, key):
        answer = client.get(f"{V1}/notifications")
        assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "1", "unavailable")


@pytest.mark.service
@pytest.mark.usefixtures("no_connections")
def test_a_socket_without_a_connection_is_told_to_come_back(admin):
    with serving() as server:
        assert server.connect(client=Client(), authorization="Bearer crl_any", origin=None).closing() == (
            "going_away",
            4503,
        )


@pytest.mark.service
@pytest.mark.usefixtures("no_connections")
def test_a_line_says_so_without_a_traceback(signed_in, caplog):
    signed_in.get("/notifications/")
    signed_in.get(f"{V1}/notifications")
    said = "the database could not answer: couldn't get a connection after 0.10 sec"
    assert [record.getMessage() for record in caplog.records].count(said) == 2
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.django_db
def test_an_error_of_the_statement_is_no_passing_trouble(client, monkeypatch):
    def broken(**_: object) -> None:
        connection.cursor().execute("SELECT * FROM no_such_table")

    monkeypatch.setattr("delivery.monitoring.metrics.backlog", broken)
    with pytest.raises(DatabaseError):
        client.get("/metrics")


@pytest.fixture
def browser(committed, admin) -> Client:
    client = Client()
    client.force_login(admin)
    return client


@pytest.fixture
def only_reading(signed_in, browser, key) -> Iterator[None]:
    with reading_only():
        yield


@pytest.mark.usefixtures("only_reading")
def test_what_writes_says_when_to_come_back_while_the_database_only_reads(browser, key, admin):
    for answer in (
        key.post(f"{V1}/events", {"type": "job.started"}, content_type="application/json"),
        browser.post("/notifications/read-all/", {"up_to": 0}),
        browser.post(f"/admin/auth/user/{admin.pk}/delete/", {"post": "yes"}),
        Client().post("/sign-in/", {"username": admin.get_username(), "password": PASSWORD}),
    ):
        assert (answer.status_code, answer.get("Retry-After")) == (503, "1")


@pytest.mark.usefixtures("only_reading")
@pytest.mark.parametrize("path", ["/admin/", "/catalogue/", f"{V1}/notifications"])
def test_what_only_reads_is_answered_meanwhile(signed_in, path):
    assert signed_in.get(path).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", ["25P03", "25P04", "53300", "57P01"])
def test_a_server_that_ends_transactions_is_answered_the_same_way(client, monkeypatch, sqlstate):
    def ended(**_: object) -> None:
        raise of_sqlstate(sqlstate)

    monkeypatch.setattr("delivery.monitoring.metrics.backlog", ended)
    assert client.get("/metrics").status_code == 503
