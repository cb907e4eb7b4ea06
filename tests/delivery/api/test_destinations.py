"""/destinations: webhooks and chats of projects and of the site over HTTP."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission

from delivery import destinations
from delivery.models import Address, Delivery, Destination
from events.bus import Entity
from events.memberships import grant
from tests.api_client import V1, as_, codes
from tests.conftest import person
from tests.delivery.factories.deliveries import address
from tests.notifications.factories.routing import JOB, publish_and_route

pytestmark = pytest.mark.django_db

URL = f"{V1}/destinations"
HOOK = "https://93.184.215.14/renders"
SLACK = "slack://TOKENAAAA/TOKENBBBB/TOKENCCCCCCCCCCCCCCCCCCCCC"
HARBOUR = {"kind": "webhook", "url": HOOK, "label": "#renders", "patterns": ["job.*"], "project_id": 7}
SITE = HARBOUR | {"project_id": None}


@pytest.fixture
def lead(owner):
    """The owner of project 7."""
    grant(Entity("project", 7), user=owner, role="owner")
    return as_(owner)


@pytest.fixture
def staff(db):
    user = person("staff", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="change_destination"))
    return as_(user)


def test_an_owner_adds_one_to_their_project_with_its_secret(lead):
    answer = lead.post(URL, HARBOUR | {"rate_per_second": 5})
    body = answer.json()
    assert answer.status_code == 201
    assert body.pop("secret").startswith("whsec_")
    assert {name: body[name] for name in HARBOUR} == HARBOUR
    assert (body["rate_per_second"], body["is_enabled"]) == (5, True)
    event = publish_and_route("job.completed", source=JOB, project_id=7)
    assert Delivery.objects.get(purpose="event").event == event


def test_staff_add_one_to_the_site(staff):
    assert staff.post(URL, SITE).status_code == 201
    assert Destination.objects.get().project_id is None


def test_the_site_s_needs_a_permission(lead):
    answer = lead.post(URL, SITE)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


@pytest.mark.parametrize("role", ["member", "watcher", None])
def test_a_project_of_others_is_not_there(outsider, role):
    if role:
        grant(Entity("project", 7), user=outsider, role=role)
    answer = as_(outsider).post(URL, HARBOUR)
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_project")
    assert not Address.objects.filter(user=None).exists()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"url": "https://127.0.0.1/x"}, "blocked_address"),
        ({"url": "http://localhost/x"}, "inner_name"),
        ({"kind": "chat", "url": "json://intranet.example/x"}, "unknown_service"),
        ({"kind": "chat", "url": "mailto://a:b@example.com"}, "unknown_service"),
        ({"kind": "email"}, "not_shareable"),
        ({"kind": "pigeon"}, "unknown_kind"),
        ({"patterns": ["jbo.*"]}, "pattern_covers_nothing"),
        ({"label": "   "}, "invalid_label"),
        ({"format": "xml"}, "unknown_option"),
        ({"digest": "weekly"}, "unknown_option"),
        ({"kind": "chat", "url": SLACK, "format": "cloudevents"}, "not_for_this_kind"),
    ],
)
def test_what_can_t_be_is_refused_by_name_and_nothing_is_stored(lead, wrong, code):
    answer = lead.post(URL, HARBOUR | wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Address.objects.filter(user=None).exists()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("patterns", [], "min_length"),
        ("patterns", ["job.*", "job.*"], "repeated"),
        ("rate_per_second", 0, "min_value"),
        ("project_id", "7", "invalid"),
        ("channels", 1, "unknown_field"),
    ],
)
def test_a_body_of_another_form_is_refused_by_field(lead, field, value, code):
    said = codes(lead.post(URL, HARBOUR | {field: value}))
    assert code in said.values()


def test_one_place_is_added_to_a_project_once(lead, staff):
    lead.post(URL, HARBOUR)
    assert lead.post(URL, HARBOUR).json()["code"] == "already_there"
    assert staff.post(URL, SITE).status_code == 201


def test_a_project_has_only_so_many(lead, monkeypatch):
    monkeypatch.setattr(destinations, "MOST", 1)
    lead.post(URL, HARBOUR)
    assert lead.post(URL, HARBOUR | {"url": f"{HOOK}/2"}).json()["code"] == "too_many_destinations"


def test_the_list_is_of_what_one_manages_and_pages(lead, staff, outsider):
    lead.post(URL, HARBOUR)
    staff.post(URL, SITE)
    staff.post(URL, HARBOUR | {"project_id": 8})
    assert [row["project_id"] for row in lead.get(URL).json()] == [7]
    assert as_(outsider).get(URL).json() == []
    answer = staff.get(URL, {"limit": 2})
    following = answer["Link"].split("<")[2].split(">")[0]
    assert [row["project_id"] for row in answer.json() + staff.get(following).json()] == [7, None, 8]
    assert [row["project_id"] for row in staff.get(URL, {"project_id": 8}).json()] == [8]


def test_the_secret_is_in_no_other_answer(lead):
    made = lead.post(URL, HARBOUR).json()
    shown = [lead.get(URL).content, lead.get(f"{URL}/{made['id']}").content]
    assert not any(b"secret" in text or made["secret"].encode() in text for text in shown)


def test_a_chat_is_sealed_and_masked(lead):
    body = lead.post(URL, HARBOUR | {"kind": "chat", "url": SLACK}).json()
    assert "TOKEN" not in body["url"]
    assert "secret" not in body
    assert "TOKEN" not in Address.objects.get(user=None).secret


def test_what_is_named_changes(lead):
    made = lead.post(URL, HARBOUR).json()
    body = lead.put(f"{URL}/{made['id']}", {"patterns": ["review.*"], "is_enabled": False, "label": "#two"}).json()
    assert (body["patterns"], body["is_enabled"], body["label"], body["disabled_reason"]) == (
        ["review.*"],
        False,
        "#two",
        "by_owner",
    )
    resumed = lead.put(f"{URL}/{made['id']}", {"is_enabled": True, "rate_per_second": 2, "retry": "long"}).json()
    assert (resumed["is_enabled"], resumed["rate_per_second"], resumed["retry"]) == (True, 2, "long")


def test_a_change_is_checked_as_well(lead):
    made = lead.post(URL, HARBOUR).json()
    assert lead.put(f"{URL}/{made['id']}", {"patterns": ["nothing.here"]}).json()["code"] == "pattern_covers_nothing"
    assert lead.put(f"{URL}/{made['id']}", {"url": HOOK}).status_code == 400


def test_one_of_others_is_not_there(lead, outsider):
    place = f"{URL}/{lead.post(URL, HARBOUR).json()['id']}"
    asked = as_(outsider)
    answers = [asked.get(place), asked.put(place, {"label": "x"}), asked.delete(place), asked.post(f"{place}/test")]
    assert {answer.status_code for answer in answers} == {404}


def test_a_deleted_one_is_gone_and_gets_nothing_more(lead):
    made = lead.post(URL, HARBOUR).json()
    assert lead.delete(f"{URL}/{made['id']}").status_code == 204
    assert lead.get(f"{URL}/{made['id']}").status_code == 404
    publish_and_route("job.completed", source=JOB, project_id=7)
    assert not Delivery.objects.filter(purpose="event").exists()
    assert lead.post(URL, HARBOUR).status_code == 201


def test_a_test_is_sent_once_a_minute(lead):
    made = lead.post(URL, HARBOUR).json()
    assert lead.post(f"{URL}/{made['id']}/test").json()["purpose"] == "test"
    assert lead.post(f"{URL}/{made['id']}/test").json()["code"] == "too_soon"


def test_a_paused_one_is_not_tested(lead):
    made = lead.post(URL, HARBOUR).json()
    lead.put(f"{URL}/{made['id']}", {"is_enabled": False})
    assert lead.post(f"{URL}/{made['id']}/test").json()["code"] == "switched_off"


def test_another_secret_is_shown_once(lead):
    made = lead.post(URL, HARBOUR).json()
    again = lead.post(f"{URL}/{made['id']}/rotate-secret").json()
    assert again["secret"] != made["secret"]


def test_what_it_missed_is_sent(lead):
    made = lead.post(URL, HARBOUR).json()
    lead.put(f"{URL}/{made['id']}", {"is_enabled": False})
    publish_and_route("job.completed", source=JOB, project_id=7)
    lead.put(f"{URL}/{made['id']}", {"is_enabled": True})
    answer = lead.post(f"{URL}/{made['id']}/recover", {"since": "2026-01-01T00:00:00Z"})
    assert (answer.status_code, Delivery.objects.filter(purpose="event").count()) == (202, answer.json()["count"])


@pytest.mark.parametrize(("kind", "url"), [("webhook", HOOK), ("chat", SLACK)])
def test_whoever_adds_what_a_destination_has_is_told_so(lead, member, outsider, kind, url):
    grant(Entity("project", 7), user=member, role="member")
    lead.post(URL, HARBOUR | {"kind": kind, "url": url})
    body = as_(member).post(f"{V1}/notifications/channels", {"kind": kind, "url": url})
    assert (body.status_code, body.json()["hint"][:21]) == (201, "#renders of Project 7")
    assert "hint" not in as_(outsider).post(f"{V1}/notifications/channels", {"kind": kind, "url": url}).json()


@pytest.mark.parametrize(("kind", "url"), [("webhook", HOOK), ("chat", SLACK)])
def test_whoever_adds_what_people_have_is_told_so(lead, member, kind, url):
    as_(member).post(f"{V1}/notifications/channels", {"kind": kind, "url": url})
    address(member, kind=kind, target=f"{url}/other")
    assert lead.post(URL, HARBOUR | {"kind": kind, "url": url}).json()["hint"].startswith("1 person has this address")


def test_a_digest_is_chosen_and_changed(lead):
    made = lead.post(URL, HARBOUR | {"digest": "daily"}).json()
    assert made["digest"] == "daily"
    assert lead.put(f"{URL}/{made['id']}", {"digest": "hourly"}).json()["digest"] == "hourly"
