"""Receivers that drip, hang, flood, redirect and lie: each costs one attempt within the deadline, and no more."""

from __future__ import annotations

import gzip
import socket
import threading

import pytest
import trustme

from delivery import channels
from delivery.channels.network import resolver
from tests.delivery.factories import webhook_attempts
from tests.delivery.factories.webhook_attempts import names
from tests.delivery.fakes.http_receiver import Reply, receiving, receiving_as


@pytest.fixture
def _hurry(monkeypatch) -> None:
    monkeypatch.setattr(channels.named("webhook"), "deadline", 0.3)


# All but the first would be over, or good, before the usual deadline.
@pytest.mark.parametrize(
    "reply",
    [
        Reply(hang=True),
        Reply(drip=0.1, body=b"x"),
        Reply(delay=5),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", drip=0.1),
        Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 20, drip=0.01),
    ],
    ids=["hangs", "drips", "dawdles", "drips half", "never gets to the point"],
)
@pytest.mark.usefixtures("_hurry")
def test_the_deadline_holds_for_the_whole_attempt(receiver, reply):
    receiver.reply = reply
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.reason, outcome.connected_to) == ("retry", "timeout", "127.0.0.1")


@pytest.mark.usefixtures("_hurry", "_intranet")
def test_the_deadline_holds_for_a_lookup_too(monkeypatch):
    to = webhook_attempts.outgoing(webhook_attempts.address("https://slow.example.com/"))
    released = threading.Event()
    found: list[str] = []

    def lookup(_host: str) -> list[str]:
        assert released.wait(5), "the attempt waited for the lookup"
        found.append("127.0.0.1")
        return found

    monkeypatch.setattr(resolver, "lookup", lookup)
    assert (webhook_attempts.send(to)[0].reason, found) == ("timeout", [])
    released.set()


def test_an_endless_body_is_cut_off(receiver):
    receiver.reply = Reply(body=b"x" * 8192, endless=True)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.excerpt) == ("sent", "x" * 500)
    # What it had sent by then fills the buffers of two sockets.
    assert receiver.sent < 8_000_000


def test_a_gzip_bomb_is_neither_asked_for_nor_unpacked(receiver):
    bomb = gzip.compress(b"\0" * 5_000_000, compresslevel=1)
    receiver.reply = Reply(headers={"Content-Encoding": "gzip"}, body=bomb)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.excerpt) == ("sent", "(gzip, not unpacked)")
    assert receiver.last.headers["accept-encoding"] == "identity"


def test_what_only_says_that_it_is_packed_is_not_unpacked_either(receiver):
    receiver.reply = Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip")
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.excerpt) == ("sent", "(gzip, not unpacked)")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(receiver, status):
    with receiving() as inner:
        receiver.reply = Reply(status, {"Location": f"{inner.url}/secret"})
        outcome = webhook_attempts.post(receiver.url)
        assert (outcome.state, outcome.reason, outcome.http_status) == ("retry", "http_3xx", status)
        assert len(receiver.requests) == 1
        assert inner.connections == 0


def test_a_receiver_that_closes_in_place_of_an_answer_is_tried_again(receiver):
    receiver.reply = Reply(close=True)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "closed", "theirs")
    assert len(receiver.requests) == 1


def test_nobody_there(receiver):
    outcome = webhook_attempts.post("http://127.0.0.1:1024/")
    assert (outcome.state, outcome.reason, outcome.connected_to) == ("retry", "connect", "127.0.0.1")


def test_what_is_no_http_answer_is_a_failure(receiver):
    receiver.reply = Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n" + b"x" * 100_000)
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.whose) == ("retry", "theirs")
    assert outcome.reason in ("not_http", "closed")
    assert len(outcome.excerpt) <= 500


def test_an_answer_is_kept_as_one_safe_line(receiver):
    receiver.reply = Reply(500, body=b"<script>\x00\x1b[31m\r\n\xff boo")
    assert webhook_attempts.post(receiver.url).excerpt == "<script> [31m � boo"


def test_cookies_are_not_kept(receiver):
    receiver.reply = Reply(headers={"Set-Cookie": "a=b; Path=/"})
    one = webhook_attempts.outgoing(webhook_attempts.address(receiver.url))
    webhook_attempts.send(one, one)
    assert "cookie" not in receiver.last.headers


def test_a_connection_is_used_again(receiver):
    one = webhook_attempts.outgoing(webhook_attempts.address(receiver.url))
    outcomes = webhook_attempts.send(one, one, one)
    assert [outcome.connected_to for outcome in outcomes] == ["127.0.0.1"] * 3
    assert receiver.connections == 1


def test_proxies_and_passwords_of_the_environment_are_not_used(receiver, monkeypatch, tmp_path):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with receiving() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        assert webhook_attempts.post(receiver.url).state == "sent"
        assert proxy.connections == 0
    assert "authorization" not in receiver.last.headers


@pytest.mark.usefixtures("_intranet")
def test_tls_by_the_name_in_the_url_over_the_checked_address(authority, monkeypatch):
    names(monkeypatch, {"hooks.example.com": ["127.0.0.1"]})
    with receiving_as("hooks.example.com", by=authority) as receiver:
        outcome = webhook_attempts.post(f"https://hooks.example.com:{receiver.port}/")
    assert (outcome.state, outcome.connected_to) == ("sent", "127.0.0.1")


@pytest.mark.usefixtures("_intranet")
def test_tls_for_another_name_sends_nothing(authority, monkeypatch):
    names(monkeypatch, {"hooks.example.com": ["127.0.0.1"]})
    with receiving_as("other.example.com", "127.0.0.1", by=authority) as receiver:
        outcome = webhook_attempts.post(f"https://hooks.example.com:{receiver.port}/")
        assert (outcome.state, outcome.reason, outcome.connected_to) == ("retry", "tls_certificate", "127.0.0.1")
        assert not receiver.requests


@pytest.mark.usefixtures("_intranet", "authority")
def test_tls_of_an_unknown_authority_sends_nothing():
    with receiving_as("127.0.0.1", by=trustme.CA()) as receiver:
        assert webhook_attempts.post(receiver.url).reason == "tls_certificate"
        assert not receiver.requests


@pytest.mark.usefixtures("_intranet")
def test_tls_where_there_is_none():
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def answer() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        assert webhook_attempts.post(f"https://127.0.0.1:{plain.getsockname()[1]}/").reason == "tls"
