"""Under /api/ every error is JSON, whoever raised it; pages stay pages."""

from __future__ import annotations

from typing import NoReturn

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpResponse, HttpResponseNotAllowed
from django.urls import include, path

from config.refusals.api_errors import in_json
from tests.api_client import V1, as_


def failing(error: Exception):
    def view(request) -> NoReturn:
        raise error

    return view


ERRORS = {
    400: SuspiciousOperation("no"),
    403: PermissionDenied("no"),
    404: Http404("no"),
    500: KeyError("a bug"),
}


def refusing(request):
    return HttpResponseNotAllowed(["GET"])


views = [path(f"{status}", failing(error)) for status, error in ERRORS.items()]
views += [path("405", refusing)]
urlpatterns = [path("api/", include(views)), path("pages/", include(views))]
handler400 = "config.refusals.api_errors.bad_request"


@pytest.fixture
def _failing_views(settings, client) -> None:
    settings.ROOT_URLCONF = __name__
    client.raise_request_exception = False


@pytest.mark.usefixtures("_failing_views")
@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "bad_request"),
        (403, "permission_denied"),
        (404, "not_found"),
        (405, "method_not_allowed"),
        (500, "internal_error"),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_what_a_view_raises_is_json(client, settings, status, code, debug):
    settings.DEBUG = debug
    answer = client.get(f"/api/{status}")
    assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (status, "application/json", code)
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.usefixtures("_failing_views")
def test_what_is_allowed_is_still_said(client):
    assert client.post("/api/405")["Allow"] == "GET"


@pytest.mark.parametrize("address", ["/api/", "/api/v2/events", "/api/v1x"])
def test_an_address_beside_the_api_is_json(db, client, address):
    answer = client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_host_that_is_not_ours_is_json(db, client):
    answer = client.get(f"{V1}/notifications", headers={"host": "evil.example"})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_query_of_thousands_of_names_is_json(owner):
    answer = as_(owner).get(f"{V1}/notifications?" + "&".join(f"a{number}=1" for number in range(2000)))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_form_that_is_too_large_is_a_413(db, client):
    assert client.post("/sign-in/", {"username": "x" * 3_000_000}).status_code == 413


def test_pages_and_answers_that_are_json_are_left_alone():
    page, done = HttpResponse("page", status=404), HttpResponse("done")
    problem = HttpResponse('{"code": "own"}', status=409, content_type="application/problem+json")
    assert in_json(page, path="/notifications/").content == b"page"
    assert in_json(done, path="/api/v1/docs").content == b"done"
    assert in_json(problem, path="/api/v1/events").content == b'{"code": "own"}'
