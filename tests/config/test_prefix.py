"""A project includes the pages and the API where it likes: every address that they name stays below its prefix."""

from __future__ import annotations

import re

import pytest
from django.contrib import admin
from django.urls import include, path, reverse

from tests.api_client import tell

urlpatterns = [
    path("admin/", admin.site.urls),
    path("v/0/bell/", include("delivery.urls")),
    path("programs/", include("delivery.api.urls")),
]
pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PAGES = ("inbox", "preferences", "deliveries", "channels", "channel-add", "catalogue", "publish", "pulse")
THERE = ("/v/0/bell/", "/programs/", "/admin/", "/static/", "/ws/")


def addresses(text: str) -> set[str]:
    """Whatever in a page looks like an address of this site; payloads in <pre> have paths of their own."""
    text = re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
    return set(re.findall(r'["\'](/[a-z][^"\'\s]*)["\']', text.replace("&quot;", '"')))


@pytest.fixture
def browser(client, admin_user):
    client.force_login(admin_user)
    return client


@pytest.mark.parametrize("name", PAGES)
def test_a_page_names_no_address_outside_the_prefix(browser, admin_user, name):
    tell(admin_user)
    found = addresses(browser.get(reverse(f"carillon:{name}")).content.decode())
    assert len(found) > 20
    assert [one for one in found if not one.startswith(THERE)] == []


def test_nor_does_a_notification_or_what_it_opens(browser, admin_user):
    row = tell(admin_user)
    opened = browser.get(reverse("carillon:notification-open", args=[row.pk]))
    assert opened.url.startswith(THERE)
    page = browser.get(reverse("carillon:notification-detail", args=[row.pk])).content.decode()
    assert [one for one in addresses(page) if not one.startswith(THERE)] == []


def test_the_api_answers_there_and_leads_on_there(browser, admin_user):
    for _ in range(2):
        tell(admin_user)
    answer = browser.get("/programs/notifications", {"limit": 1})
    assert answer.status_code == 200
    assert "/programs/notifications?" in answer["Link"]
    assert browser.get("/programs/nothing").json()["code"] == "not_found"


def test_nobody_is_sent_to_sign_in_there(client):
    assert client.get(reverse("carillon:inbox")).url.startswith("/v/0/bell/sign-in/")
