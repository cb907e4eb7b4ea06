"""The form of whoever publishes by hand: what it can't take it shows again, with why; else it says who was told."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Permission

from events.models import Event, EventType, ParkedEvent, Subscriber
from events.sweep import sweep
from notifications.routing import router
from tests.accounts.factory import sign_in_name

PUBLISH = "/events/publish/"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("{", "This is not JSON"),
        ("[" * 10_000, "This is not JSON"),
        ("9" * 5000, "This is not JSON"),
        (r'{"x": "\u0000"}', "NUL"),
        (r'{"x": "\ud800"}', "surrogate"),
        ('{"x": 1e999}', "payload $.x"),
    ],
)
def test_a_payload_that_can_not_be_is_named(client, admin, payload, words):
    client.force_login(admin)
    answer = client.post(PUBLISH, {"event_type": "job.completed", "payload": payload})
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("source", f"{'x' * 65}:1"), ("project_id", "9223372036854775808"), ("actor", "x" * 200)],
)
def test_what_no_column_holds_is_named(client, admin, field, value):
    client.force_login(admin)
    answer = client.post(PUBLISH, {"event_type": "job.completed", "payload": "{}", field: value})
    assert answer.status_code == 400
    assert not Event.objects.exists()


def test_who_would_get_it_is_shown_and_nothing_published(client, admin, owner):
    client.force_login(admin)
    sent = {"event_type": "job.completed", "payload": '{"name": "Shot 042"}', "actor": owner.get_username()}
    answer = client.post(PUBLISH, sent | {"dry_run": "true"})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "1 person would get it now." in page
    assert "Shot 042" in page
    assert not Event.objects.exists()


def test_a_dry_run_of_what_can_not_be_says_why(client, admin):
    client.force_login(admin)
    answer = client.post(PUBLISH, {"event_type": "job.completed", "payload": "[]", "dry_run": "true"})
    assert answer.status_code == 400
    assert "not a JSON object" in answer.content.decode()
    assert not Event.objects.exists()


def publish(client, name: str = "job.completed") -> str:
    """Publish by hand; the address of the page that follows."""
    answer = client.post(
        PUBLISH, {"event_type": name, "payload": '{"name": "Shot 042"}', "actor": sign_in_name("owner")}
    )
    return str(answer["Location"])


def said(client, address: str) -> str:
    """What the page says of the event, in one line."""
    page = client.get(address).content.decode()
    found = re.search(r'<section class="card published".*?</section>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", found[0]).split()) if found else ""


@pytest.fixture
def following(client, admin, owner) -> str:
    client.force_login(admin)
    return publish(client)


def test_who_is_told_beside_those_of_the_rules_counts_too(client, admin, owner, member, outsider):
    client.force_login(admin)
    sent = {"event_type": "job.completed", "payload": '{"name": "Shot 042"}', "actor": owner.get_username()}
    sent["to"] = f" {member.get_username()}, {outsider.get_username()},"
    page = client.post(PUBLISH, sent | {"dry_run": "true"}).content.decode()
    assert "3 people would get it now." in page
    address = client.post(PUBLISH, sent)["Location"]
    sweep()
    assert said(client, address) == "Published: Shot 042 finished Told: 3 people. Explain"


def test_who_is_nobody_is_named(client, admin, member):
    client.force_login(admin)
    sent = {"event_type": "job.completed", "payload": "{}", "to": f"{member.get_username()}, zoe, <b>"}
    answer = client.post(PUBLISH, sent)
    assert answer.status_code == 400
    assert "There is no user &lt;b&gt;, zoe." in answer.content.decode()
    assert not Event.objects.exists()


def test_until_the_router_comes_by_it_is_on_its_way(client, following):
    assert said(client, following) == "Published: Shot 042 finished It's on its way. Look again"
    assert "data-waiting" in client.get(following).content.decode()


def test_once_it_is_routed_the_page_says_how_many_were_told_and_leads_to_why(client, following):
    sweep()
    assert said(client, following) == "Published: Shot 042 finished Told: 1 person. Explain"
    assert f"/explain/{Event.objects.get().pk}/" in client.get(following).content.decode()


def test_nobody_is_a_number_too(client, following):
    EventType.objects.create(name="billing.paid", category="billing")
    address = publish(client, "billing.paid")
    sweep()
    assert said(client, address) == "Published: Billing paid Told: nobody. Explain"


def test_an_event_that_can_not_be_routed_says_so(client, following):
    reader = Subscriber.objects.get_or_create(name=router.NAME)[0]
    ParkedEvent.objects.create(subscriber=reader, event=Event.objects.get())
    assert "Routing failed" in said(client, following)


def test_whoever_may_not_read_the_log_is_not_led_there(client, following, outsider):
    outsider.user_permissions.add(Permission.objects.get(codename="publish_event"))
    client.force_login(outsider)
    address = publish(client)
    sweep()
    assert said(client, address).endswith("Told: 1 person.")


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_of_no_event_nothing_is_said(client, following, number):
    assert said(client, f"{PUBLISH}?published={number}") == ""


def test_of_another_s_event_nothing_is_said(client, following, outsider):
    outsider.user_permissions.add(Permission.objects.get(codename="publish_event"))
    client.force_login(outsider)
    assert said(client, following) == ""
