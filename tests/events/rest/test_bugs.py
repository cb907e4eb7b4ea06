"""An exception that nobody foresaw: JSON for the program, and a report for the developer, in any project."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.urls import include, path
from rest_framework.response import Response

from events.models import ApiKey
from events.rest.views import ApiView

BUG = KeyError("a bug")


class FailingView(ApiView):
    def get(self, request):
        ApiKey.objects.create(user=request.user, digest="stored half")
        raise BUG

    def put(self, request):
        raise PermissionDenied("no")

    def post(self, request):
        raise BadRequest("no")


class Unwritable:
    def tolist(self):
        raise BUG


class UnwritableView(ApiView):
    def get(self, request):
        ApiKey.objects.create(user=request.user, digest="stored half")
        return Response({"answer": Unwritable()})


urlpatterns = [
    path("theirs/api/failing", FailingView.as_view()),
    path("theirs/api/unwritable", UnwritableView.as_view()),
    path("theirs/api/", include("delivery.api.urls")),
    path("", include("delivery.urls")),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


@pytest.fixture
def program(client, settings, owner):
    """Of a project with Django's own middleware, which knows nothing of this site's."""
    settings.MIDDLEWARE = [name for name in settings.MIDDLEWARE if name.startswith("django.")]
    client.force_login(owner)
    client.raise_request_exception = False
    return client


@pytest.fixture
def reported() -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(request: HttpRequest, **_more: object) -> None:
        heard.append(request.path)

    got_request_exception.connect(hear)
    yield heard
    got_request_exception.disconnect(hear)


@pytest.mark.parametrize("place", ["/theirs/api/failing", "/theirs/api/unwritable"])
@pytest.mark.parametrize("debug", [False, True])
def test_it_is_answered_in_json_and_reported_once(program, settings, caplog, reported, debug, place):
    settings.DEBUG = debug
    answer = program.get(place)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert reported == [place]
    (record,) = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert (record.name, record.exc_info[1]) == ("django.request", BUG)


def test_a_test_of_the_project_sees_it(program):
    program.raise_request_exception = True
    with pytest.raises(KeyError, match="a bug"):
        program.get("/theirs/api/failing")


def test_it_may_go_on_to_the_server(program, settings):
    settings.DEBUG_PROPAGATE_EXCEPTIONS = True
    with pytest.raises(KeyError, match="a bug"):
        program.get("/theirs/api/failing")


@pytest.mark.parametrize("place", ["/theirs/api/failing", "/theirs/api/unwritable"])
def test_nothing_is_stored_half_where_requests_are_transactions(program, settings, monkeypatch, place):
    monkeypatch.setitem(settings.DATABASES["default"], "ATOMIC_REQUESTS", True)
    program.get(place)
    assert not ApiKey.objects.exists()


def test_what_is_not_allowed_is_no_bug(program, reported):
    answer = program.put("/theirs/api/failing", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"], reported) == (403, "permission_denied", [])


def test_what_can_t_be_read_is_no_bug(program, reported):
    answer = program.post("/theirs/api/failing", {}, content_type="application/json", headers={"x-csrftoken": "x"})
    assert (answer.status_code, reported) == (400, [])
