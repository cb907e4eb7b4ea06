"""/deliveries: what was sent and how that went, over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from rest_framework.test import APIClient

from delivery.models import Attempt, Delivery
from events.accounts import User
from tests.api_client import V1, as_, codes
from tests.delivery.factories.deliveries import NOON, address, after, delivery

pytestmark = pytest.mark.django_db

DELIVERIES = f"{V1}/deliveries"


def allow(user: User, name: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=name))


def tried(one: Delivery, **fields: Any) -> Attempt:
    given = {"number": 1, "outcome": "retry", "started_at": NOON, "ms": 84, "http_status": 503, "reason": "http_5xx"}
    return Attempt.objects.create(delivery=one, connected_to="203.0.113.7:443", excerpt="oops", **(given | fields))


def ids(answer: Any) -> list[int]:
    return [row["id"] for row in answer.json()]


def test_a_delivery_tells_its_attempts(owner, fake):
    one = delivery(address(owner))
    tried(one, next_at=after(1))
    shown = as_(owner).get(f"{DELIVERIES}/{one.pk}").json()
    [attempt] = shown["attempts"]
    assert (shown["notification_id"], shown["channel_id"], shown["state"]) == (
        one.notification_id,
        one.address_id,
        "pending",
    )
    assert (attempt["http_status"], attempt["ms"], attempt["reason"]) == (503, 84, "http_5xx")
    assert attempt["explanation"]


def test_its_owner_learns_nothing_about_the_inner_network(owner, fake):
    tried(delivery(address(owner)))
    text = as_(owner).get(DELIVERIES).content
    assert b"203.0.113.7" not in text
    assert b"oops" not in text


def test_staff_who_may_see_deliveries_see_all_of_it(owner, outsider, fake):
    tried(delivery(address(owner)))
    allow(outsider, "view_delivery")
    [shown] = as_(outsider).get(DELIVERIES).json()
    assert shown["attempts"][0]["connected_to"] == "203.0.113.7:443"


def test_without_that_only_ones_own(owner, outsider, fake):
    one = delivery(address(owner))
    assert as_(outsider).get(DELIVERIES).json() == []
    assert as_(outsider).get(DELIVERIES, {"user_id": owner.pk}).json() == []
    assert as_(outsider).get(f"{DELIVERIES}/{one.pk}").status_code == 404


def test_the_newest_come_first_and_the_link_goes_on(owner, fake):
    row = address(owner)
    made = [delivery(row).pk for _number in range(3)]
    first = as_(owner).get(DELIVERIES, {"limit": 2})
    following = first["Link"].split("<")[2].split(">")[0]
    assert ids(first) + ids(as_(owner).get(following)) == made[::-1]


@pytest.mark.parametrize("name", ["state", "channel_id", "user_id"])
def test_the_list_is_narrowed(owner, admin, fake, name):
    wanted, _other = delivery(address(owner), state="dead"), delivery(address(admin))
    values = {"state": "dead", "channel_id": wanted.address_id, "user_id": owner.pk}
    assert ids(as_(admin).get(DELIVERIES, {name: values[name]})) == [wanted.pk]


def test_a_state_that_is_none_is_refused(owner):
    assert codes(as_(owner).get(DELIVERIES, {"state": "lost"})) == {"state": "unknown_state"}


@pytest.mark.parametrize("state", ["dead", "skipped", "sent"])
def test_what_has_ended_is_sent_again(owner, fake, state):
    one = delivery(address(owner), state=state)
    answer = as_(owner).post(f"{DELIVERIES}/{one.pk}/resend")
    assert (answer.status_code, answer.json()["state"]) == (202, "pending")


def test_whoever_sends_again_too_soon_is_told_when_to_come_back(owner, fake):
    one = delivery(address(owner), state="sent", settled_at=timezone.now() - timedelta(seconds=20))
    answer = as_(owner).post(f"{DELIVERIES}/{one.pk}/resend")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_soon")
    assert 30 < int(answer["Retry-After"]) <= 40


def test_a_confirmation_is_not_sent_again_but_asked_for_anew(owner, fake):
    one = delivery(address(owner, verified_at=None), state="sent", purpose="confirmation")
    answer = as_(owner).post(f"{DELIVERIES}/{one.pk}/resend")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_repeatable")


def test_seeing_another_s_is_not_sending_it_again(owner, outsider, fake):
    one = delivery(address(owner), state="dead")
    allow(outsider, "view_delivery")
    assert as_(outsider).post(f"{DELIVERIES}/{one.pk}/resend").status_code == 404
    allow(outsider, "change_delivery")
    assert as_(outsider).post(f"{DELIVERIES}/{one.pk}/resend").status_code == 202


@pytest.mark.parametrize("rows", [1, 15])
def test_the_list_costs_the_same_however_long(owner, fake, rows, django_assert_max_num_queries):
    row, client = address(owner), as_(owner)
    for _number in range(rows):
        tried(delivery(row))
    with django_assert_max_num_queries(7):
        client.get(DELIVERIES)


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("get", "/notifications/channels"),
        ("post", "/notifications/channels"),
        ("get", "/notifications/channels/1"),
        ("put", "/notifications/channels/1"),
        ("delete", "/notifications/channels/1"),
        ("post", "/notifications/channels/1/test"),
        ("post", "/notifications/channels/1/verify"),
        ("post", "/notifications/channels/1/rotate-secret"),
        ("post", "/notifications/channels/1/recover"),
        ("get", "/deliveries"),
        ("get", "/deliveries/1"),
        ("post", "/deliveries/1/resend"),
        ("get", "/events/1/explain"),
    ],
)
def test_anonymous_is_401(db, method, place):
    assert getattr(APIClient(), method)(V1 + place).status_code == 401
