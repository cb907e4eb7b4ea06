"""Text that no database stores is refused before anything looks at it, and so is what Django itself can't read."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from asgiref.testing import ApplicationCommunicator
from django.test import Client

from config import asgi

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"
PART = '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\n{}\r\n--x--\r\n'
COOKIE = r'sessionid="\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"'


@pytest.mark.parametrize(
    "path", ["/%00", "/sign-in/?next=%00", "/nothing/?%00", "/static/%00", "/readyz?exclude=a%00b"]
)
def test_a_nul_in_an_address_is_a_400(client, path):
    answer = client.get(path)
    assert answer.status_code == 400
    assert "This request isn't valid" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/sign-in/", "/notifications/", "/nothing", "/admin/", "/api/v1/notifications"])
@pytest.mark.parametrize("cookie", [COOKIE, r'csrftoken="a\000"', r'messages="\000"'])
def test_a_nul_in_a_cookie_is_a_400(client, path, cookie):
    assert client.get(path, headers={"cookie": cookie}).status_code == 400


def test_what_only_looks_like_a_nul_is_a_cookie(client):
    assert client.get("/sign-in/", headers={"cookie": r'theme="\\000"; other=\000'}).status_code == 200


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("username=%00&password=x", FORM),
        ("username=x&password=x%00", FORM),
        ("%00=x", FORM),
        (PART.format("\0"), MULTIPART),
    ],
)
def test_a_nul_in_a_form_is_a_400(client, body, kind):
    assert client.post("/sign-in/", body, content_type=kind).status_code == 400


def test_it_is_refused_before_the_csrf_token_is_asked_for():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/sign-in/", "username=%00", content_type=FORM).status_code == 400
    assert client.post("/sign-in/", "username=x", content_type=FORM).status_code == 403


def test_the_api_says_what_is_wrong(client):
    answer = client.get("/api/v1/notifications?category=%00")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert "NUL" in answer.json()["detail"]


@pytest.mark.parametrize("accept", ["text/html; q*=nonsense''1", "text/html; q*=utf-8''%00; q=1"])
def test_an_accept_that_nobody_can_read_is_no_error_of_the_server(client, accept):
    assert client.get("/api/v1/notifications", headers={"accept": accept}).status_code < 500
    assert client.get("/sign-in/", headers={"accept": accept}).status_code < 500


def answered(path: str, *, query: bytes = b"", method: str = "GET", body: bytes = b"", **headers: bytes) -> Any:
    """Status and content type of the whole application's answer, as a web server asks it."""
    given = [(b"host", b"testserver"), *((name.replace("_", "-").encode(), text) for name, text in headers.items())]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": given}

    async def ask() -> Any:
        application: Any = ApplicationCommunicator(asgi.application, scope)  # type: ignore[no-untyped-call]
        await application.send_input({"type": "http.request", "body": body})
        return await application.receive_output(timeout=10)

    start = async_to_sync(ask)()
    found = {name.lower(): value for name, value in start["headers"]}
    return start["status"], found[b"content-type"].partition(b";")[0]


@pytest.mark.parametrize("kind", [b"text/plain; charset*=nonsense''x", b"text/plain; charset*=utf-8''%00"])
def test_a_character_set_that_is_none_is_a_400(kind):
    assert answered("/sign-in/", content_type=kind) == (400, b"text/html")
    assert answered("/api/v1/events", content_type=kind) == (400, b"application/json")


def test_a_query_in_raw_bytes_is_a_400():
    assert answered("/sign-in/", query=b"next=\xff") == (400, b"text/html")
    assert answered("/api/v1/events", query=b"after=\xff") == (400, b"application/json")


@pytest.mark.parametrize("path", ["/sign-in/", "/unsubscribe/x/"])
def test_a_nul_in_a_form_is_a_400_for_the_web_server_too(path):
    assert answered(path, method="POST", body=b"username=%00", content_type=FORM.encode()) == (400, b"text/html")
    assert answered(path, cookie=COOKIE.encode()) == (400, b"text/html")


def test_a_form_in_an_encoding_that_is_none_is_a_400():
    body, kind = PART.format("x").encode(), f"{MULTIPART}; charset=rot13".encode()
    length = str(len(body)).encode()
    found = answered("/sign-in/", method="POST", body=body, content_type=kind, content_length=length)
    assert found == (400, b"text/html")
