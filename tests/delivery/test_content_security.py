"""The Content-Security-Policy is on Carillon's pages, and on those of a project only where it says so."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from config.urls import urlpatterns as ours
from delivery.content_security import HEADER, POLICY

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]
EVERYWHERE, OF_CARILLON = (f"delivery.content_security.{name}" for name in ("everywhere", "of_carillon"))


def theirs(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<style>p {}</style>", headers=dict(request.GET.items()))


urlpatterns = [path("theirs", theirs), *ours]


@pytest.fixture
def _host(settings) -> None:
    settings.MIDDLEWARE = [OF_CARILLON if one == EVERYWHERE else one for one in settings.MIDDLEWARE]


@pytest.mark.usefixtures("_host")
@pytest.mark.parametrize("name", ["carillon:sign-in", "carillon:inbox", "carillon_api:events", "carillon_api:docs"])
def test_carillon_s_own_pages_have_it(client, name):
    assert client.get(reverse(name))[HEADER] == POLICY


@pytest.mark.usefixtures("_host")
@pytest.mark.parametrize("address", ["/theirs", "/admin/login/", "/nowhere"])
def test_a_project_s_pages_are_left_as_they_are(client, address):
    assert HEADER not in client.get(address)


@pytest.mark.parametrize("address", ["/theirs", "/admin/login/", "/nowhere", "/notifications/"])
def test_here_every_page_has_it(client, address):
    assert client.get(address)[HEADER] == POLICY


def test_a_page_s_own_policy_stays(client):
    assert client.get("/theirs", {HEADER: "default-src *"})[HEADER] == "default-src *"


def test_django_s_page_of_an_error_may_have_its_styles(client, settings):
    settings.DEBUG = True
    assert HEADER not in client.get("/nowhere/page/")


@pytest.mark.asyncio
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_host")
async def test_an_asynchronous_stack_does_the_same(async_client):
    found = [HEADER in await async_client.get(address) for address in ("/sign-in/", "/theirs")]
    assert found == [True, False]
