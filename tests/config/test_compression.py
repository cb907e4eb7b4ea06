"""Pages and JSON leave compressed where the client takes it; what is small, streamed or encoded already stays."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.test import RequestFactory

from config.compression import CompressionMiddleware
from events.bus import Entity, NewEvent
from tests.notifications.factories.routing import publish_and_route_batch

KB = 1024
GZIP = {"HTTP_ACCEPT_ENCODING": "gzip, br"}


def compressed(rf: RequestFactory, response: HttpResponseBase, **headers: Any) -> Any:
    return CompressionMiddleware(lambda request: response)(rf.get("/", **(headers or GZIP)))


def test_a_page_is_compressed_and_caches_know(rf):
    response = compressed(rf, HttpResponse("paper " * 500))
    assert (response["Content-Encoding"], response["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(response.content) == b"paper " * 500
    assert int(response["Content-Length"]) == len(response.content) < 300


def test_what_repeats_is_padded_so_that_its_size_tells_nothing(rf):
    assert len({len(compressed(rf, HttpResponse("paper " * 500)).content) for _ in range(20)}) > 3


def test_who_does_not_ask_gets_it_plain(rf):
    response = compressed(rf, HttpResponse("paper " * 500), HTTP_ACCEPT_ENCODING="identity")
    assert not response.has_header("Content-Encoding")
    assert response["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "response", [HttpResponse(b"x" * 999), HttpResponse(status=204), StreamingHttpResponse(["x" * 900] * 9)]
)
def test_the_small_and_the_streamed_stay_as_they_are(rf, response):
    assert not compressed(rf, response).has_header("Content-Encoding")


def test_a_tag_becomes_a_weak_one(rf):
    assert compressed(rf, HttpResponse("paper " * 500, headers={"ETag": '"1"'}))["ETag"] == 'W/"1"'


@pytest.mark.django_db
def test_an_inbox_of_twenty_rows_is_small_on_the_wire(client, member):
    jobs = [
        (Entity("job", number), {"name": f"Shot {number:03}", "message": f"{number} frames"}) for number in range(20)
    ]
    publish_and_route_batch(*(NewEvent("job.completed", actor=member, source=job, payload=told) for job, told in jobs))
    client.force_login(member)
    page = client.get("/notifications/", **GZIP)
    assert gzip.decompress(page.content).count(b'class="carillon-row') >= 20
    assert len(page.content) <= 12 * KB


@pytest.mark.django_db
def test_an_error_of_the_api_is_readable_json(client):
    response = client.get("/api/v1/nowhere", **GZIP)
    assert response.json()["code"] == "not_found"
