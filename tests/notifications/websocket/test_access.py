"""Who gets a socket, from where, and for how long."""

from __future__ import annotations

import pytest
from django.test import Client

from events import api_keys
from notifications.inbox import frames
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("_tied"),
]

REFUSED = {"type": "websocket.close"}  # before accept: HTTP 403


def test_another_path_is_refused_before_the_handshake(server, owner):
    assert server.connect(owner, path="/ws/other/").message() == REFUSED


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://testserver",
        "http://testserver:8000",
        "http://testserver.evil.example",
        "http://user@testserver.evil.example",
        "null",
        "file://",
        "testserver",
        "http://[",
        "http://testserver:port",
        "http://testserver:99999",
    ],
)
def test_a_foreign_origin_is_refused_before_the_handshake(server, owner, origin):
    assert server.connect(owner, origin=origin).message() == REFUSED


def test_a_cookie_without_an_origin_is_refused(server, owner):
    assert server.connect(owner, origin=None).message() == REFUSED


def test_another_scheme_of_authorization_makes_up_for_no_origin(server, owner):
    """Only a bearer key does: it is not sent by a browser on somebody else's behalf."""
    assert server.connect(owner, origin=None, authorization="Basic b3duZXI6").message() == REFUSED


@pytest.mark.parametrize("origin", ["http://testserver", "http://testserver:80", "http://TESTSERVER"])
def test_the_origin_of_the_request_is_accepted(server, owner, origin):
    assert server.connect(owner, origin=origin).frame()["type"] == "hello"


def test_behind_tls_the_origin_is_https(server, owner):
    assert server.connect(owner, origin="https://testserver", scheme="wss").frame()["type"] == "hello"
    assert server.connect(owner, origin="http://testserver", scheme="wss").message() == REFUSED


@pytest.mark.parametrize("trusted", ["https://app.example.com", "https://*.example.com"])
def test_a_trusted_origin_is_accepted_as_over_http(server, owner, settings, trusted):
    settings.CSRF_TRUSTED_ORIGINS = [trusted]
    assert server.connect(owner, origin="https://app.example.com").frame()["type"] == "hello"
    assert server.connect(owner, origin="http://app.example.com").message() == REFUSED
    assert server.connect(owner, origin="https://app.example.com.evil.example").message() == REFUSED


def test_a_host_that_is_not_ours_is_refused(server, owner):
    """Otherwise a name that somebody points at us would make its own pages ours."""
    assert server.connect(owner, origin="http://evil.example", host="evil.example").message() == REFUSED


def test_without_a_session_it_is_closed_as_unauthenticated(server, db):
    assert server.connect().closing() == ("unauthenticated", 4401)


def test_with_a_session_that_ended_it_is_closed_as_unauthenticated(server, owner):
    client = Client()
    client.force_login(owner)
    cookie = client.cookies["sessionid"].value
    client.logout()
    client.cookies["sessionid"] = cookie
    assert server.connect(client=client).closing() == ("unauthenticated", 4401)


@pytest.mark.parametrize("cookie", ["x", "a" * 5000, '"\\000\\000\\000\\000\\000\\000\\000\\000"', "é" * 10])
def test_with_a_made_up_session_it_is_closed_as_unauthenticated(server, db, cookie):
    client = Client()
    client.cookies["sessionid"] = "x"
    client.cookies["sessionid"].set("sessionid", cookie, cookie)
    assert server.connect(client=client).closing() == ("unauthenticated", 4401)


def test_a_page_of_another_person_is_unauthenticated_with_a_session_that_is_not_theirs(server, owner, member):
    assert server.connect(owner, query=f"user={member.pk}").closing() == ("unauthenticated", 4401)
    assert server.connect(owner, query=f"user={owner.pk}").frame()["type"] == "hello"


def test_somebody_switched_off_is_unauthenticated(server, owner):
    client = Client()
    client.force_login(owner)
    type(owner).objects.update(is_active=False)
    assert server.connect(client=client).closing() == ("unauthenticated", 4401)


@pytest.mark.parametrize(("debug", "first"), [(True, "hello"), (False, None)])
@pytest.mark.parametrize("host", ["127.0.0.1:8000", "shop.localhost:8000", "[::1]:8000"])
def test_where_no_host_is_allowed_those_of_this_machine_are_as_over_http(server, owner, settings, debug, first, host):
    """As `startproject` leaves the settings."""
    settings.ALLOWED_HOSTS, settings.DEBUG = [], debug
    answer = server.connect(owner, origin=f"http://{host}", host=host)
    assert (answer.frame()["type"] if debug else answer.message()) == (first or REFUSED)


def test_what_is_refused_for_its_origin_is_said(server, owner, caplog, monkeypatch):
    monkeypatch.setattr("events.transport.outages.is_first", lambda *_place, **_kind: True)
    server.connect(owner, origin="http://evil.example").message()
    assert "from a page of 'http://evil.example'" in caplog.text
    assert "CSRF_TRUSTED_ORIGINS" in caplog.text


def test_a_key_needs_no_origin(server, owner):
    _key, text = api_keys.issue(owner)
    assert server.connect(origin=None, authorization=f"Bearer {text}").frame()["type"] == "hello"


def test_a_key_speaks_for_its_user_whatever_the_cookie_says(server, owner, outsider):
    publish_and_route("job.completed", source=JOB)
    _key, text = api_keys.issue(owner)
    assert server.connect(outsider, authorization=f"Bearer {text}").frame()["unread_count"] == 1


def test_a_key_from_a_foreign_origin_is_refused(server, owner):
    _key, text = api_keys.issue(owner)
    assert server.connect(origin="http://evil.example", authorization=f"Bearer {text}").message() == REFUSED


def test_a_key_that_may_only_publish_reads_nobodys_inbox(server, owner):
    _key, text = api_keys.issue(owner, publish_patterns=["job.*"])
    assert server.connect(origin=None, authorization=f"Bearer {text}").closing() == ("unauthenticated", 4401)


@pytest.mark.parametrize("text", ["", "crl_nobody", "é" * 40, " "])
def test_an_unknown_key_is_unauthenticated(server, db, text):
    assert server.connect(origin=None, authorization=f"Bearer {text}").closing() == ("unauthenticated", 4401)


def test_signing_out_closes_all_sockets_of_that_session(server, owner):
    client = Client()
    sockets = [server.greeted(owner, client=client)]
    sockets.append(server.greeted(None, client=client))
    client.logout()
    assert [socket.closing() for socket in sockets] == [("unauthenticated", 4401)] * 2


def test_signing_out_leaves_other_sessions_alone(server, owner, watcher):
    others = [server.greeted(owner), server.greeted(watcher)]
    client = Client()
    client.force_login(owner)
    client.logout()
    assert all(socket.has_nothing_more() for socket in others)


def test_every_close_code_has_its_error_frame():
    assert {code: frame["code"] for code, frame in frames.CLOSE_REASONS.items()} == {
        4401: "unauthenticated",
        4408: "too_slow",
        4413: "too_large",
        4429: "too_many",
        4503: "going_away",
    }
