"""The pages of destinations: what owners of projects and staff see, add, change, test, pause and delete there."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from delivery.models import Address, Delivery, Destination
from events.bus import Entity
from events.memberships import grant
from tests.accounts.factory import name_of
from tests.conftest import person
from tests.delivery.factories.deliveries import address, destination
from tests.notifications.factories.routing import JOB, publish_and_route
from tests.notifications.fakes import access_host
from tests.own_settings import own

pytestmark = pytest.mark.django_db

HOOK = "https://93.184.215.14/renders"
ADDED = {"kind": "webhook", "target": HOOK, "label": "#renders", "patterns": "job.*, review.*", "project": "7"}


@pytest.fixture
def lead(owner, client: Client) -> Client:
    """The browser of the owner of project 7."""
    grant(Entity("project", 7), user=owner, role="owner")
    client.force_login(owner)
    return client


def at(name: str, row: Destination | None = None) -> str:
    return reverse(f"carillon:{name}", args=[row.pk] if row else [])


def hook(**fields: Any) -> Destination:
    row = destination("job.*", kind="webhook", project_id=7, **fields)
    Address.objects.filter(pk=row.address_id).update(target=HOOK)
    return row


def test_one_is_added_and_its_secret_shown_once(lead):
    page = lead.post(at("destinations"), ADDED).text
    assert "whsec_" in page
    row = Destination.objects.get()
    assert (row.label, row.patterns, row.project_id) == ("#renders", ["job.*", "review.*"], 7)
    assert "whsec_" not in lead.get(at("destination", row)).text


def test_staff_add_one_to_the_site(client):
    user = person("staff", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_destination"))
    client.force_login(user)
    client.post(at("destinations"), ADDED | {"project": ""})
    assert Destination.objects.get().project_id is None


@pytest.mark.parametrize(
    ("wrong", "status", "said"),
    [
        ({"target": "https://127.0.0.1/"}, 400, "outside the public internet"),
        ({"patterns": "jbo.*"}, 400, "None is covered by"),
        ({"patterns": ""}, 400, "Patterns must be 1 to 50"),
        ({"label": ""}, 400, "A label must have 1 to 100"),
        ({"rate": "fast"}, 400, "A rate must be a whole number"),
        ({"rate": "0"}, 400, "A rate must be 1 to 1000"),
        ({"project": "8"}, 404, "You own no project 8"),
        ({"kind": "chat", "target": "json://intranet.example/"}, 400, ""),
        ({"kind": "email"}, 400, "must be one of"),
    ],
)
def test_what_can_t_be_is_said_and_stays_in_the_form(lead, wrong, status, said):
    answer = lead.post(at("destinations"), ADDED | wrong)
    assert answer.status_code == status
    assert said.lower() in answer.text.lower()
    assert 'role="alert"' in answer.text
    assert not Destination.objects.exists()


def test_the_list_is_of_one_s_own_projects(lead):
    hook()
    hook(label="#elsewhere")
    Destination.objects.filter(label="#elsewhere").update(project_id=8)
    page = lead.get(at("destinations")).text
    assert "#renders" in page
    assert "#elsewhere" not in page


def test_whoever_manages_none_is_told_who_does(client, outsider):
    client.force_login(outsider)
    page = client.get(at("destinations")).text
    assert "you own none" in page
    assert "Add a destination" not in page


def test_it_leads_there_from_channels_and_from_the_project(lead):
    publish_and_route("job.completed", source=Entity("project", 7), project_id=7)
    assert at("destinations") in lead.get(at("channels")).text
    assert f"{at('destinations')}?project=7" in lead.get(reverse("carillon:entity", args=["project", 7])).text


def test_members_are_led_nowhere(client, member):
    grant(Entity("project", 7), user=member, role="member")
    client.force_login(member)
    assert at("destinations") not in client.get(at("channels")).text


def test_what_goes_there_is_changed(lead):
    row = hook()
    lead.post(at("destination-change", row), {"label": "#two", "patterns": "*", "critical_only": "on", "rate": "3"})
    row.refresh_from_db()
    assert (row.label, row.patterns, row.critical_only, row.address.rate_per_second) == ("#two", ["*"], True, 3)


def test_it_is_paused_resumed_tested_and_deleted(lead):
    row = hook()
    lead.post(at("destination-switch", row), {"is_enabled": "false"})
    assert "Paused" in lead.get(at("destination", row)).text
    lead.post(at("destination-switch", row), {"is_enabled": "true"})
    lead.post(at("destination-test", row))
    assert Delivery.objects.get().purpose == "test"
    lead.post(at("destination-delete", row))
    assert lead.get(at("destination", row)).status_code == 404


def test_its_deliveries_say_how_it_went_and_the_dead_are_sent_again(lead):
    row = hook()
    publish_and_route("job.completed", source=JOB, project_id=7, payload={"name": "Shot 042"})
    Delivery.objects.update(state="dead", reason="http_5xx")
    page = lead.get(at("destination", row)).text
    assert "Shot 042" in page
    assert "Retry 1 failed" in page
    lead.post(at("destination-retry", row))
    assert Delivery.objects.get().state == "pending"


def test_the_text_of_what_one_may_not_see_is_not_shown(lead, owner, settings):
    access_host.reset()
    own(settings, MAY_SEE=access_host.PATH)
    row = hook()
    publish_and_route("job.completed", source=JOB, project_id=7, payload={"name": "Shot 042"})
    assert "Shot 042" in lead.get(at("destination", row)).text
    access_host.closed.add((name_of(owner), JOB))
    assert "Shot 042" not in lead.get(at("destination", row)).text


def test_whoever_adds_a_channel_that_a_destination_has_is_told_so(lead):
    hook()
    page = lead.post(at("channel-add"), {"kind": "webhook", "target": HOOK}).text
    assert "#renders of Project 7 already sends there" in page


def test_whoever_adds_a_destination_that_people_have_is_told_so(lead, member):
    address(member, kind="webhook", target=HOOK)
    assert "1 person has this address" in lead.post(at("destinations"), ADDED).text


def test_another_secret_is_shown_once(lead):
    lead.post(at("destinations"), ADDED)
    assert "whsec_" in lead.post(at("destination-rotate", Destination.objects.get())).text


def test_a_digest_is_chosen_on_the_page_and_names_how_many_it_tells_of(lead):
    lead.post(at("destinations"), ADDED | {"digest": "hourly"})
    row = Destination.objects.get()
    publish_and_route("job.completed", source=JOB, project_id=7, payload={"name": "Shot 042"})
    Delivery.objects.update(count=3)
    shown = lead.get(at("destination", row)).content.decode()
    assert row.digest == "hourly"
    assert '<option value="hourly" selected>' in shown
    assert "Shot 042 finished and 2 others" in shown
