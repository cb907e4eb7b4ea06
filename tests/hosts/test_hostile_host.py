"""A project with a user model, `events`, `notifications`, API, policy and frame of its own: Carillon comes in, and
nothing of that changes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.hosts import document
from tests.hosts.host import Host, new_database
from tests.hosts.installation import run

pytestmark = pytest.mark.timeout(300)
# Before Carillon is there: two people, a sale, and what django-notifications-hq has left.
BEFORE = """
import old_bells
from django.core.management import call_command
from django.utils import timezone
from shop.events.models import Event
from shop.people.models import Person

call_command("migrate", verbosity=0)
ann = Person.objects.create_user("ann@shop.example", "secret")
ben = Person.objects.create_user("ben@shop.example", "secret", is_staff=True)
sale = Event.objects.create(title="Winter sale", opens_at=timezone.now())
old_bells.create()
old_bells.migrations_applied()
old_bells.send(ann, actor=ben, verb="opened", action_object=sale, at=timezone.now())
old_bells.send(ann, actor=ben, verb="moved", action_object=sale, at=timezone.now(), unread=False)
"""
# One process: the start of each takes longer than all of this.
ARRIVE = """
from unittest.mock import patch

from django.core.management import call_command
from django.test import Client
from shop.people.models import Person

call_command("check", databases=["default"])
call_command("makemigrations", check_changes=True)
call_command("migrate", verbosity=0)
call_command("import_django_notifications")
call_command("import_django_notifications")
client = Client()
client.force_login(Person.objects.get(email="ann@shop.example"))
inbox = client.get("/bell/notifications/")
assert "unsafe-inline" not in inbox["Content-Security-Policy"]
page = inbox.content.decode()
assert page.index("ben moved Winter sale") < page.index("ben opened Winter sale")
assert client.get("/bell/notifications/counts/").json()["unread_count"] == 1
assert client.get("/bell/api/notifications").json()[1]["title"] == "ben opened Winter sale"
assert client.get("/bell/api/nowhere").json()["code"] == "not_found"
assert "/bell/api/events" in client.get("/bell/api/schema").json()["paths"]
client.raise_request_exception = False
with patch("notifications.inbox.feed.page", side_effect=KeyError("a bug")):
    assert client.get("/bell/api/notifications").json()["code"] == "internal_error"
with patch("rest_framework.renderers.JSONRenderer.get_indent", side_effect=[KeyError("a bug"), None]):
    assert client.get("/bell/api/notifications").json()["code"] == "internal_error"
home = client.get("/").content.decode()
assert "<title>The Shop</title>" in home
assert "<carillon-bell" in home
"""
PUBLISH = """
from events.bus import publish
from shop.people.models import Person

publish("job.completed", actor=Person.objects.get(email="ann@shop.example"), payload={"name": "Take 7"})
"""

FOUND = """
import events
from django.contrib.staticfiles import finders
from django.template.loader import get_template

assert "vendor" in events.__file__, events.__file__
assert finders.find("carillon/embed.js")
assert finders.find("shop.css")
assert "vendor" in get_template("carillon/base.html").origin.name
"""


@pytest.fixture
def host(installation, tmp_path) -> Iterator[Host]:
    with new_database(tmp_path) as url:
        yield Host(installation.python, tmp_path / "studio", database_url=url)


def ran(said: str) -> str:
    """How many tests ran, all of which went well."""
    assert "\nOK\n" in said
    [count] = re.findall(r"Ran \d+ tests", said)
    return str(count)


@pytest.mark.process
def test_carillon_comes_in_and_nothing_of_the_host_changes(host):
    host.shell(BEFORE)
    before = ran(host.manage("test"))
    host.take_in()
    said = host.shell(ARRIVE)
    assert "no issues (0 silenced)" in said
    assert "No changes detected" in said
    assert "2 imported, 0 were already" in said
    assert "0 imported, 2 were already" in said
    assert ran(host.manage("test")) == before


# Of a host with a document of its own.
DOCUMENTED = """
INSTALLED_APPS.append("drf_spectacular")
REST_FRAMEWORK["DEFAULT_SCHEMA_CLASS"] = "drf_spectacular.openapi.AutoSchema"
"""


@pytest.mark.process
@pytest.mark.parametrize("more", ["", DOCUMENTED])
def test_a_deployment_of_the_host_is_checked_without_a_word_of_ours(host, more):
    host.take_in()
    settings = host.folder / "shop" / "settings.py"
    settings.write_text(settings.read_text() + more)
    said = host.manage("check", "--deploy")
    assert "security.W004" in said
    assert re.findall(r"carillon|spectacular", said) == []


@pytest.mark.process
def test_vendored_it_is_found_too(host, installation):
    vendored = host.folder / "vendor" / "carillon"
    vendored.parent.mkdir()
    vendored.symlink_to(installation.source)
    host.python = Path(sys.executable)
    document.follow("Vendored", project="shop", folder=host.folder)
    host.take_in()
    assert "no issues (0 silenced)" in host.manage("check")
    host.shell(FOUND)


@pytest.mark.process
def test_vendored_into_what_startproject_makes(installation, tmp_path):
    run([sys.executable, "-m", "django", "startproject", "yourproject", "."], tmp_path)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "carillon").symlink_to(installation.source)
    for section in ("Vendored", "What to write"):
        document.follow(section, project="yourproject", folder=tmp_path)
    assert "no issues (0 silenced)" in run([sys.executable, "manage.py", "check"], tmp_path)


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/sign-in/")
    page.get_by_label("Email").fill("ann@shop.example")
    page.get_by_label("Password").fill("secret")
    page.get_by_role("button", name="Enter").click()


@pytest.mark.browser
def test_the_bell_rings_on_a_page_of_the_host(host, browser: Browser):
    host.take_in()
    host.shell(BEFORE)
    with host.started() as url:
        page = browser.new_context().new_page()
        sign_in(page, url)
        page.locator("carillon-bell[data-connection=live]").wait_for(state="attached")
        host.shell(PUBLISH)
        expect(page.locator("carillon-toasts .toast")).to_contain_text("Take 7 finished")
        expect(page.locator("carillon-bell .badge")).to_have_text("1")
        expect(page).to_have_title("(1) The Shop")
        page.context.close()
