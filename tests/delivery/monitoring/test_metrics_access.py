"""Who reads /metrics: this machine, and whoever has the token; everybody else gets 403."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator

from config.asgi import application
from tests.own_settings import own

TOKEN = "a-token-of-the-settings"
ELSEWHERE = "192.0.2.1"

pytestmark = pytest.mark.django_db


def status(client, *, address: str = ELSEWHERE, authorization: str = "") -> int:
    headers = {"HTTP_AUTHORIZATION": authorization} if authorization else {}
    return int(client.get("/metrics", REMOTE_ADDR=address, **headers).status_code)


@pytest.mark.parametrize(
    ("address", "expected"), [("127.0.0.1", 200), ("127.9.9.9", 200), ("::1", 200), (ELSEWHERE, 403), ("", 403)]
)
def test_this_machine_reads_them_without_a_token(client, address, expected):
    assert status(client, address=address) == expected


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Basic {TOKEN}", 403),
        (TOKEN, 403),
        ("Bearer ", 403),
        ("Bearer \xe9", 403),
        (f"Bearer {TOKEN}x", 403),
    ],
)
def test_others_read_them_with_the_token(client, settings, authorization, expected):
    own(settings, METRICS_TOKEN=TOKEN)
    assert status(client, authorization=authorization) == expected


def test_without_a_token_in_the_settings_none_is_right(client, settings):
    own(settings, METRICS_TOKEN="")
    assert status(client, authorization="Bearer ") == 403


@pytest.mark.parametrize(("trusted", "expected"), [([], 200), ([ip_network("127.0.0.1")], 403)])
@pytest.mark.django_db(transaction=True)
def test_a_named_proxy_on_this_machine_opens_them_to_nobody(settings, trusted, expected):
    """One that nobody named is this machine itself, whatever it says."""
    settings.TRUSTED_PROXIES = trusted
    assert async_to_sync(asked)("127.0.0.1", forwarded_for=ELSEWHERE) == expected


@pytest.mark.parametrize("claimed", ["127.0.0.1", "::1"])
@pytest.mark.django_db(transaction=True)
def test_a_stranger_who_claims_to_be_this_machine_is_a_stranger(claimed):
    assert async_to_sync(asked)(ELSEWHERE, forwarded_for=claimed) == 403


async def asked(peer: str, *, forwarded_for: str) -> int:
    headers = [(b"host", b"localhost"), (b"x-forwarded-for", forwarded_for.encode())]
    scope = {"type": "http", "method": "GET", "path": "/metrics", "query_string": b"", "headers": headers}
    request: Any = ApplicationCommunicator(application, scope | {"client": [peer, 1]})  # type: ignore[no-untyped-call]
    await request.send_input({"type": "http.request"})
    found: int = (await request.receive_output())["status"]
    await request.wait()
    return found
