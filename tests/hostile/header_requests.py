"""Requests with one hostile header in each."""

from __future__ import annotations

from collections.abc import Iterator

from tests.api_client import V1
from tests.hostile.api_requests import Sent

ADDRESSES = [
    ("get", "/sign-in/"),
    ("get", "/notifications/rows/"),
    ("get", f"{V1}/notifications"),
    ("options", f"{V1}/events"),
    ("post", f"{V1}/events"),
    ("post", "/sign-in/"),
]
TEXTS = (
    "Accept Accept-Encoding Accept-Language Authorization Content-Encoding Host If-Match If-Modified-Since "
    "If-None-Match Last-Event-ID Idempotency-Key Origin Range Referer Sec-Purpose Transfer-Encoding User-Agent "
    "WebHook-Request-Origin X-CSRFToken X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Requested-With "
    "ce-specversion ce-id ce-source ce-type ce-subject ce-time ce-actoruserid ce-projectid ce-x "
    "ce-traceparent ce-tracestate"
).split()
COOKIES = ("sessionid", "csrftoken", "messages", "django_language", "x")
VALUES = ["", "\x00\xff", "9" * 5000, "%00%ff", "*;q=x, ;;=,\"'", "Bearer \x00"]
COOKIE_VALUES = [r'"\000aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"', r'"\377\376"', "a" * 9000, "\xff", '"', "[" * 5000, "a:b:c"]
CONTENT_TYPES = [
    "",
    "x",
    "application/json; charset=rot13",
    "application/json; charset=utf-7",
    "application/x-www-form-urlencoded; charset=utf-16",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=\xff",
    "multipart/form-data; boundary=x; charset=hex",
    "application/cloudevents+json; x=y",
    "application/cloudevents-batch+json",
]


def requests() -> Iterator[Sent]:
    for method, address in ADDRESSES:
        body = '{"event_type": "job.completed"}' if address == f"{V1}/events" else None
        for name in TEXTS:
            for value in VALUES:
                yield Sent(method, address, body, headers={name: value})
        for cookie in COOKIES:
            for value in COOKIE_VALUES:
                yield Sent(method, address, body, headers={"Cookie": f"{cookie}={value}"})
        for kind in CONTENT_TYPES:
            yield Sent(method, address, body, kind)
