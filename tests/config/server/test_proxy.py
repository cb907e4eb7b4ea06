"""Who asks and over which scheme: a proxy's word for it counts if TRUSTED_PROXIES names the proxy, for requests and
sockets alike."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.core.checks import run_checks

from config.asgi import application
from config.server.proxy import described

PROXY, STRANGER = "10.0.0.5", "203.0.113.9"
MEANING = [
    (b"x-forwarded-for", b"192.0.2.1"),
    (b"x-forwarded-proto", b"https"),
    (b"x-forwarded-host", b"evil.example"),
    (b"x-forwarded-port", b"8443"),
    (b"forwarded", b"for=192.0.2.1;proto=https"),
    (b"x-real-ip", b"192.0.2.1"),
]


@pytest.fixture(autouse=True)
def _named(settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/24"), ip_network("2001:db8::/64")]


def scope(*headers: tuple[bytes, bytes], kind: str = "http", peer: str = PROXY, **more: Any) -> dict[str, Any]:
    given = {"type": kind, "client": [peer, 4711], "headers": [(b"host", b"testserver"), *headers], "root_path": ""}
    return given | ({"scheme": "http"} if kind == "http" else {}) | more


def from_proxy(forwarded_for: str, *, peer: str = PROXY) -> Any:
    return described(scope((b"x-forwarded-for", forwarded_for.encode("latin-1")), peer=peer))["client"][0]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_stranger_s_word_is_dropped(kind):
    found = described(scope(*MEANING, kind=kind, peer=STRANGER))
    assert found["client"] == [STRANGER, 4711]
    assert found["scheme"] in ("http", "ws")
    assert found["headers"] == [(b"host", b"testserver")]


@pytest.mark.parametrize(("kind", "scheme"), [("http", "https"), ("websocket", "wss")])
def test_a_named_proxy_says_who_asks_and_over_what(kind, scheme):
    found = described(scope(*MEANING, kind=kind))
    assert (found["client"], found["scheme"]) == (["192.0.2.1", 0], scheme)
    assert set(MEANING) <= set(found["headers"])


def test_what_is_given_is_left_as_it_was():
    given = scope(*MEANING, peer=STRANGER)
    described(given)
    assert given == scope(*MEANING, peer=STRANGER)


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("127.0.0.1, 192.0.2.1", "192.0.2.1"),
        ("127.0.0.1, 192.0.2.1, 10.0.0.7", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("[2001:db8:1::1]:443", "2001:db8:1::1"),
        ("2001:DB8:1:0::1", "2001:db8:1::1"),
        ("10.0.0.8, 10.0.0.7", "10.0.0.8"),
        ("192.0.2.1, unknown", PROXY),
        ("192.0.2.1, ", PROXY),
        ("192.0.2.1, 10.0.0.7\xe9", PROXY),
        ("", PROXY),
    ],
)
def test_the_client_is_the_rightmost_that_is_no_trusted_proxy(told, client):
    assert from_proxy(told) == client


def test_several_headers_are_one_list():
    found = described(scope((b"x-forwarded-for", b"127.0.0.1"), (b"x-forwarded-for", b"192.0.2.1, 10.0.0.7")))
    assert found["client"] == ["192.0.2.1", 0]


def test_an_address_has_one_spelling_whoever_comes():
    assert described(scope(peer="::ffff:203.0.113.9"))["client"] == [STRANGER, 4711]
    assert from_proxy("192.0.2.1", peer="::ffff:10.0.0.5") == "192.0.2.1"
    assert described(scope(client=None))["client"] is None


@pytest.mark.parametrize(
    ("told", "scheme"),
    [(b"https", "https"), (b"HTTPS", "https"), (b"wss", "https"), (b"https, http", "http"), (b"gopher", "http")],
)
def test_the_scheme_is_the_proxy_s_own_word(told, scheme):
    assert described(scope((b"x-forwarded-proto", told)))["scheme"] == scheme


def test_a_scheme_that_the_server_saw_itself_stays():
    assert described(scope(peer=STRANGER, scheme="https"))["scheme"] == "https"


@pytest.mark.parametrize("peer", [PROXY, STRANGER])
def test_nobody_prefixes_the_path(peer):
    found = described(scope((b"daphne-root-path", b"/x"), peer=peer, root_path="/x", path="/x/metrics"))
    assert (found["root_path"], found["path"]) == ("", "/x/metrics")
    assert found["headers"] == [(b"host", b"testserver")]


@pytest.mark.parametrize(
    ("path", "status"), [("/x/healthz", 404), ("/healthz", 200)], ids=["with a prefix", "without one"]
)
def test_the_application_takes_no_prefix_from_a_request(path, status):
    """What plain Daphne hands over for `Daphne-Root-Path: /x`."""
    assert async_to_sync(answered)(path) == status


async def answered(path: str) -> int:
    given = scope(peer=STRANGER, root_path="/x", path=path, method="GET", query_string=b"", http_version="1.1")
    asked: Any = ApplicationCommunicator(application, given)  # type: ignore[no-untyped-call]
    await asked.send_input({"type": "http.request"})
    status: int = (await asked.receive_output())["status"]
    await asked.wait()
    return status


def warnings() -> list[str | None]:
    return [found.id for found in run_checks(tags=["security"]) if str(found.id).startswith("carillon.")]


def test_https_without_a_named_proxy_is_a_warning_at_the_start(settings):
    settings.IS_HTTPS = True
    assert warnings() == []
    settings.TRUSTED_PROXIES = []
    assert warnings() == ["carillon.W001"]
    settings.IS_HTTPS = False
    assert warnings() == []
