"""Every list of the admin can be read: in words, with its moments, for as many queries however long it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.sites import site
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import DateTimeField
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from delivery.models import Address, Destination, Server
from events import api_keys
from events.models import (
    ComfyuiServer,
    CommandEntry,
    Event,
    EventType,
    HardwareReading,
    LogGap,
    Membership,
    ParkedEvent,
    ServiceRun,
    Subscriber,
    TrackedJob,
)
from notifications.models import (
    Escalation,
    Fanout,
    Inbox,
    Mute,
    NotificationPreference,
    ProjectPreference,
    ProjectScope,
    Summary,
    UserNotificationSettings,
)
from tests.accounts.factory import saved_person
from tests.delivery.factories.deliveries import address, delivery
from tests.notifications.factories.routing import publish_and_route
from tests.page_words import identifiers

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]
PAGES = [
    page
    for model, page in sorted(site._registry.items(), key=lambda entry: entry[0]._meta.label)
    if model._meta.app_label.startswith("carillon_") or model is LogEntry
]
# What has a moment in its table that nobody asks of its list.
WITHOUT = {"Fanout"}


def fill(number: int) -> None:
    """A row for each list, about one more person."""
    someone, now = saved_person(f"person{number}"), timezone.now()
    event = publish_and_route("job.failed", actor=someone, payload={"name": f"Shot {number} " * 40})
    reader = Subscriber.objects.create(name=f"reader {number}", last_error="Traceback\nsome_error: x.y")
    ParkedEvent.objects.create(subscriber=reader, event=event, error="Traceback\nsome_module.Error: no", retry_at=now)
    LogGap.objects.create(subscriber=reader, after=1, up_to=2, events=1)
    Membership.objects.create(entity_type="job", entity_id=number, user=someone, role="owner")
    EventType.objects.create(name=f"some_module.some_type_{number}", category="job", audience=["owner_or_actor"])
    key = api_keys.issue(someone, publish_patterns=["job.completed"], member_types=["job"])[0]
    Membership.objects.filter(user=someone).update(written_by_key=key)
    HardwareReading.objects.create(host="render-02", name=f"/data/{number}", value=91, observed_at=now)
    TrackedJob.objects.create(key=f"{number}", name="x" * 300, due_at=now)
    ServiceRun.objects.create(role="web", host="h", pid=number, process_started=0, version="1", is_clean=False)
    ComfyuiServer.objects.create(url=f"http://render-{number}:8188", seen_until_ms=1_790_000_000_000)
    CommandEntry.objects.create(command="token", text="made", operator="root", host="h")
    Server.objects.create(name=f"smtp{number}", last_success_at=now, failures=2, reason="mail_server_busy")
    Summary.objects.create(user=someone, kind="quiet", window=f"quiet {number}", seq=1)
    NotificationPreference.objects.create(user=someone, event_type=event.event_type, channels=["in_app", "email"])
    ProjectPreference.objects.create(project_id=number, event_type=event.event_type, is_enabled=False)
    ProjectScope.objects.create(user=someone, project_id=number, scope="nothing")
    UserNotificationSettings.objects.create(user=someone, dnd_enabled=True, dnd_until=now)
    Inbox.objects.update(digest_at=now)
    Fanout.objects.create(event=event, until_user=1)
    told = [{"rule": "group:on-call", "at": now.isoformat()}]
    Escalation.objects.create(event=event, step=1, told=told, acknowledged_by=someone, acknowledged_at=now)
    Mute.objects.create(user=someone, entity_type="job", entity_id=number, until=now)
    shared = Address.objects.create(kind="webhook", target=f"https://hooks.example.com/{number}", verified_at=now)
    Destination.objects.create(address=shared, label=f"renders {number}", patterns=["job.*"], project_id=number)
    off = address(someone, is_enabled=False, disabled_reason="by_owner", last_success_at=now)
    delivery(off, state="dead", reason="http_5xx")
    LogEntry.objects.create(
        user_id=someone.pk, action_flag=CHANGE, object_repr="Some row", content_type=ContentType.objects.first()
    )


def listed(client: Client, page: ModelAdmin[Any], **query: str) -> Any:
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist"
    return client.get(reverse(name), query)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.object_name)
def test_a_list_says_when_and_no_identifier(admin_client, page):
    fill(1)
    html = listed(admin_client, page).content.decode()
    assert identifiers(html) == []
    assert "icon-no.svg" not in html
    has_moments = any(isinstance(field, DateTimeField) for field in page.opts.fields)
    if has_moments and page.opts.object_name not in WITHOUT:
        assert re.search(r'<time datetime="[^"]+" title="[-\d]+ [:\d]+ UTC">', html)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.object_name)
def test_a_row_opened_says_no_identifier(admin_client, page):
    fill(1)
    row = listed(admin_client, page).context["cl"].result_list[0]
    name = f"admin:{page.opts.app_label}_{page.opts.model_name}_change"
    html = admin_client.get(reverse(name, args=[row.pk])).content.decode()
    # A type's name is there to be copied.
    assert identifiers(html.replace(f'<div class="readonly">{getattr(row, "name", "")}</div>', "")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.object_name)
def test_a_list_asks_as_much_for_few_rows_as_for_many(admin_client, page):
    counts = []
    for number in range(4):
        fill(number)
        with CaptureQueriesContext(connection) as asked:
            assert listed(admin_client, page).status_code == 200
        counts.append(len(asked))
    assert counts[2] == counts[3]


@pytest.mark.parametrize(("term", "found"), [("2", [2]), ("7", []), ("x", [])])
def test_defaults_of_a_project_are_found_by_its_id(admin_client, term, found):
    for number in range(3):
        fill(number)
    rows = listed(admin_client, site.get_model_admin(ProjectPreference), q=term).context["cl"].result_list
    assert [row.project_id for row in rows] == found


def test_the_index_names_tables_in_words(admin_client):
    page = admin_client.get(reverse("admin:index")).content.decode()
    assert identifiers(page) == []
    assert "API keys" in page
    assert "Api keys" not in page


def test_a_long_title_is_clamped_and_whole_on_hovering(admin_client, owner):
    event = publish_and_route("job.completed", actor=owner, payload={"name": "x" * 300})
    assert Event.objects.get().pk == event.pk
    page = listed(admin_client, site.get_model_admin(Event)).content.decode()
    assert re.search(r'<bdi class="clamp" title="[^"]*x{200}', page)
