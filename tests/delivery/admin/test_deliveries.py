"""Addresses and deliveries in the admin: everything but secrets, and the way to send again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from delivery.encryption import seal
from delivery.models import Attempt, Delivery
from events.accounts import User
from tests.conftest import person
from tests.delivery.factories.deliveries import address, delivery
from tests.inline_code import INLINE
from tests.notifications.factories.routing import publish_and_route

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fake")]


@pytest.fixture
def clerk(client: Client, outsider: User) -> Client:
    """Staff who may look, and no more."""
    outsider.is_staff = True
    outsider.save()
    allow(outsider, "view_delivery", "view_address", "view_event")
    client.force_login(outsider)
    return client


def allow(user: User, *names: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=names))


def sent(user: User, **fields: Any) -> Delivery:
    one = delivery(address(user, secret=seal("whsec_hidden")), **fields)
    Attempt.objects.create(
        delivery=one, number=1, outcome="retry", started_at=timezone.now(), reason="dns", connected_to="203.0.113.7"
    )
    return one


def listed(client: Client, model: str, **query: str) -> Any:
    return client.get(reverse(f"admin:carillon_delivery_{model}_changelist"), query)


def act(client: Client, name: str, *ones: Delivery) -> Any:
    form = {"action": name, "_selected_action": [one.pk for one in ones]}
    return client.post(reverse("admin:carillon_delivery_delivery_changelist"), form, follow=True)


@pytest.mark.parametrize("model", ["address", "delivery"])
def test_every_list_and_every_row_has_its_page_without_secrets_and_inline_script(admin_client, owner, model):
    sent(owner)
    found = listed(admin_client, model)
    row = found.context["cl"].result_list[0]
    opened = admin_client.get(reverse(f"admin:carillon_delivery_{model}_change", args=[row.pk]))
    assert (found.status_code, opened.status_code) == (200, 200)
    text = found.content.decode() + opened.content.decode()
    assert not INLINE.findall(text)
    assert "gAAAA" not in text
    assert "whsec_hidden" not in text


def test_a_delivery_shows_every_attempt(admin_client, owner):
    page = admin_client.get(reverse("admin:carillon_delivery_delivery_change", args=[sent(owner).pk])).content.decode()
    assert "203.0.113.7" in page
    assert "couldn&#x27;t find this host" in page


@pytest.mark.parametrize("model", ["address", "delivery"])
def test_nobody_writes_here(admin_client, owner, model):
    sent(owner)
    row = listed(admin_client, model).context["cl"].result_list[0]
    for action in ("change", "delete"):
        place = reverse(f"admin:carillon_delivery_{model}_{action}", args=[row.pk])
        assert admin_client.post(place, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", ["address", "delivery"])
@pytest.mark.parametrize(("term", "found"), [("owner", 1), ("box 0", 1), ("member", 0), ("nobody", 0)])
def test_rows_are_found_by_person_and_target(admin_client, owner, member, model, term, found):
    sent(owner)
    assert listed(admin_client, model, q=term).context["cl"].result_count == found


def test_the_dead_are_a_filter(admin_client, owner):
    dead, _other = sent(owner, state="dead"), sent(owner)
    assert [row.pk for row in listed(admin_client, "delivery", state__exact="dead").context["cl"].result_list] == [
        dead.pk
    ]


def test_what_ended_is_sent_again(admin_client, owner):
    one = sent(owner, state="dead")
    assert b"1 delivery is on its way again" in act(admin_client, "resend", one).content
    one.refresh_from_db()
    assert one.state == "pending"


def test_the_dead_of_an_address_are_sent_again(admin_client, owner):
    one = sent(owner, state="dead")
    form = {"action": "resend_dead", "_selected_action": [one.address_id]}
    admin_client.post(reverse("admin:carillon_delivery_address_changelist"), form)
    one.refresh_from_db()
    assert one.state == "pending"


def test_what_a_lost_worker_held_is_taken_back(admin_client, owner):
    one = sent(owner, state="sending", lease_until=timezone.now() - timedelta(minutes=5))
    assert b"Taken back: 1" in act(admin_client, "rescue", one).content
    one.refresh_from_db()
    assert one.state == "pending"


def test_whoever_may_only_look_sends_nothing_again(clerk, owner):
    one = sent(owner, state="dead")
    assert listed(clerk, "delivery").status_code == 200
    act(clerk, "resend", one)
    one.refresh_from_db()
    assert one.state == "dead"


def test_with_the_permission_they_do(clerk, outsider, owner):
    allow(outsider, "change_delivery")
    one = sent(owner, state="dead")
    act(clerk, "resend", one)
    one.refresh_from_db()
    assert one.state == "pending"


def test_a_list_asks_as_much_for_one_row_as_for_many(admin_client, owner, django_assert_max_num_queries):
    sent(owner)
    listed(admin_client, "delivery")
    with django_assert_max_num_queries(30) as few:
        listed(admin_client, "delivery")
    for number in range(10):
        sent(person(f"person-{number}"))
    with django_assert_max_num_queries(len(few)):
        listed(admin_client, "delivery")


def test_an_event_leads_to_who_was_told(admin_client, owner):
    event = publish_and_route("job.completed", actor=owner)
    explained = reverse("admin:carillon_delivery_explain", args=[event.pk])
    assert (
        explained in admin_client.get(reverse("admin:carillon_events_event_change", args=[event.pk])).content.decode()
    )
    page = admin_client.get(explained).content.decode()
    assert "In the feed." in page
    assert not INLINE.findall(page)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("outsider", "No audience rule of this type includes this person."),
        ("ghost", "There is no such person."),
        ("example.org", "There is no such person."),
    ],
)
def test_one_person_can_be_asked_for(admin_client, owner, outsider, asked, words):
    event = publish_and_route("job.completed", actor=owner)
    page = admin_client.get(reverse("admin:carillon_delivery_explain", args=[event.pk]), {"user": asked})
    assert words in page.content.decode()


def test_explaining_needs_the_log_s_permission(clerk, outsider, owner):
    event = publish_and_route("job.completed", actor=owner)
    place = reverse("admin:carillon_delivery_explain", args=[event.pk])
    assert clerk.get(place).status_code == 200
    outsider.user_permissions.remove(Permission.objects.get(codename="view_event"))
    assert clerk.get(place).status_code == 403


def test_an_event_that_isn_t_there_is_a_404(admin_client):
    assert admin_client.get(reverse("admin:carillon_delivery_explain", args=[999])).status_code == 404
