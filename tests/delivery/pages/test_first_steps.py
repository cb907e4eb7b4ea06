"""First steps tick themselves, for whoever administers the installation, until they are dismissed."""

from __future__ import annotations

import html
import json
import re
import shlex

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.models import Server
from delivery.pages.first_steps import steps_for
from events import audit
from events.bus import publish
from events.models import ApiKey, EventType
from tests.own_settings import own

pytestmark = pytest.mark.django_db


def done(user) -> set[str]:
    return {name for name, is_done in steps_for(user).items() if is_done}


@pytest.fixture
def browser(client: Client, admin) -> Client:
    client.force_login(admin)
    return client


def inbox(browser: Client) -> str:
    return browser.get(reverse("carillon:inbox")).content.decode()


def test_nothing_is_done_in_a_new_installation(admin):
    publish("system.restart", payload={"version": "1"})
    assert steps_for(admin) == dict.fromkeys(("mail", "event", "bell", "audience"), False)


def test_a_mail_counts_once_a_server_has_taken_one(admin, settings):
    Server.objects.create(name="smtp", last_success_at=timezone.now())
    assert done(admin) == {"mail"}
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert done(admin) == set()


def test_an_event_of_anything_but_the_system_counts(admin):
    publish("job.completed")
    assert done(admin) == {"event"}


def test_a_type_that_an_admin_changed_or_code_declared_counts(admin):
    EventType.objects.filter(name="job.failed").update(declared={})
    assert done(admin) == {"audience"}
    EventType.objects.update(declared=None)
    audit.note([EventType.objects.get(name="job.failed")], by=admin.pk, text="Changed")
    assert done(admin) == {"audience"}


def test_the_bell_is_ticked_by_hand(browser, admin):
    browser.post(reverse("carillon:first-steps-bell"))
    assert done(admin) == {"bell"}


def test_dismissed_is_dismissed_for_all_and_for_good(browser, admin, django_assert_num_queries):
    assert "First steps" in inbox(browser)
    assert browser.post(reverse("carillon:first-steps-dismiss")).status_code == 302
    assert "First steps" not in inbox(browser)
    with django_assert_num_queries(1):
        assert steps_for(admin) == {}


def test_two_queries_read_them(admin, django_assert_num_queries):
    with django_assert_num_queries(2):
        steps_for(admin)


def test_nobody_else_sees_them_or_pays_for_them(client, outsider, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert steps_for(outsider) == {}
    client.force_login(outsider)
    assert "First steps" not in inbox(client)


def test_a_key_comes_with_a_command_that_publishes(browser, admin, settings):
    own(settings, BASE_URL="https://bells.example.com")
    page = browser.post(reverse("carillon:first-steps-key")).content.decode()
    command = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert command
    words = shlex.split(html.unescape(command[1]).replace("\\\n", " "))
    assert words[1] == "https://bells.example.com/api/v1/events"
    answer = Client().post(
        "/api/v1/events", json.loads(words[-1]), "application/json", headers={"Authorization": words[3].split(": ")[1]}
    )
    assert answer.status_code == 201
    assert ApiKey.objects.get().user == admin
    assert LogEntry.objects.get().action_flag == CHANGE
