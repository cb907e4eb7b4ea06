"""/notifications/channels: a person's addresses over HTTP."""

from __future__ import annotations

import pytest

from delivery.models import Address, Delivery
from tests.api_client import V1, as_, codes
from tests.delivery.factories.deliveries import address, delivery, notification

pytestmark = pytest.mark.django_db

CHANNELS = f"{V1}/notifications/channels"
WEBHOOK = {"kind": "webhook", "url": "https://93.184.215.14/hook"}


def test_a_webhook_is_added_with_its_secret(owner):
    answer = as_(owner).post(CHANNELS, WEBHOOK | {"retry": "long", "format": "cloudevents"})
    body = answer.json()
    assert answer.status_code == 201
    assert body.pop("secret").startswith("whsec_")
    assert body.pop("verified_at")
    assert body == WEBHOOK | {
        "id": Address.objects.get(kind="webhook").pk,
        "retry": "long",
        "format": "cloudevents",
        "is_enabled": True,
        "disabled_reason": "",
    }


def test_the_secret_is_in_no_other_answer(owner):
    client = as_(owner)
    made = client.post(CHANNELS, WEBHOOK).json()
    shown = [client.get(CHANNELS).content, client.get(f"{CHANNELS}/{made['id']}").content]
    assert not any(b"secret" in text or made["secret"].encode() in text for text in shown)


def test_an_e_mail_address_waits_for_its_confirmation(owner):
    body = as_(owner).post(CHANNELS, {"kind": "email", "address": "team@example.com"}).json()
    assert (body["address"], body["verified_at"]) == ("team@example.com", None)


def test_the_list_has_the_account_s_mail_and_pages(owner, fake):
    for _number in range(2):
        address(owner)
    answer = as_(owner).get(CHANNELS, {"limit": 2})
    assert len(answer.json()) == 2
    following = answer["Link"].split("<")[2].split(">")[0]
    assert [row["address"] for row in as_(owner).get(following).json()] == [owner.email]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({"kind": "webhook"}, {"url": "required"}),
        ({"kind": "email", "url": "https://example.com/"}, {"url": "not_for_this_kind", "address": "required"}),
        ({"kind": "fax", "url": "x"}, {"kind": "unknown_kind"}),
        (WEBHOOK | {"retry": "never"}, {"retry": "unknown_option"}),
        (WEBHOOK | {"secret": "mine"}, {"secret": "unknown_field"}),
        (WEBHOOK | {"url": "http://127.0.0.1/"}, {"url": "blocked_address"}),
        ({"kind": "email", "address": "a@example.com\nBcc: b@example.com"}, {"address": "invalid_email"}),
    ],
)
def test_what_can_t_be_is_refused_by_its_field(owner, body, found):
    answer = as_(owner).post(CHANNELS, body)
    assert (answer.status_code, codes(answer)) == (400, found)


def test_the_same_again_is_a_409(owner):
    as_(owner).post(CHANNELS, WEBHOOK)
    answer = as_(owner).post(CHANNELS, WEBHOOK)
    assert (answer.status_code, answer.json()["code"]) == (409, "already_there")


def test_a_put_changes_what_it_names(owner):
    client = as_(owner)
    made = client.post(CHANNELS, WEBHOOK).json()
    body = client.put(f"{CHANNELS}/{made['id']}", {"format": "cloudevents"}).json()
    assert (body["format"], body["retry"], body["is_enabled"]) == ("cloudevents", "short", True)


def test_delete_switches_off_and_keeps_the_history(owner, fake):
    one = delivery(address(owner))
    for _time in range(2):
        assert as_(owner).delete(f"{CHANNELS}/{one.address_id}").status_code == 204
    assert as_(owner).get(f"{CHANNELS}/{one.address_id}").json()["disabled_reason"] == "by_owner"
    assert Delivery.objects.filter(pk=one.pk).exists()


def test_a_put_switches_on_again(owner, fake):
    row = address(owner, is_enabled=False, disabled_reason="failing")
    body = as_(owner).put(f"{CHANNELS}/{row.pk}", {"is_enabled": True}).json()
    assert (body["is_enabled"], body["disabled_reason"]) == (True, "")


def test_a_test_is_on_its_way_and_a_second_is_too_soon(owner, fake):
    place = f"{CHANNELS}/{address(owner).pk}/test"
    first, second = as_(owner).post(place), as_(owner).post(place)
    assert (first.status_code, first.json()["purpose"], first.json()["state"]) == (202, "test", "pending")
    assert (second.status_code, second.json()["code"]) == (429, "too_soon")


def test_verify_sends_the_link(owner):
    row = address(owner, kind="email", target="team@example.com", verified_at=None)
    answer = as_(owner).post(f"{CHANNELS}/{row.pk}/verify")
    assert (answer.status_code, answer.json()["verified_at"]) == (202, None)
    assert Delivery.objects.get().purpose == "confirmation"


def test_rotating_shows_another_secret(owner):
    client = as_(owner)
    made = client.post(CHANNELS, WEBHOOK).json()
    rotated = client.post(f"{CHANNELS}/{made['id']}/rotate-secret").json()
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made["secret"]


def test_recovering_says_how_many(owner, fake):
    row = address(owner)
    delivery(row, state="dead")
    notification(owner)
    answer = as_(owner).post(f"{CHANNELS}/{row.pk}/recover", {"since": "2026-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()) == (202, {"count": 2})


def test_what_is_switched_off_is_not_recovered(owner, fake):
    row = address(owner, is_enabled=False)
    answer = as_(owner).post(f"{CHANNELS}/{row.pk}/recover", {"since": "2026-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (409, "switched_off")


@pytest.mark.parametrize(
    ("method", "rest", "body"),
    [
        ("get", "", None),
        ("put", "", {"is_enabled": False}),
        ("delete", "", None),
        ("post", "/test", None),
        ("post", "/verify", None),
        ("post", "/rotate-secret", None),
        ("post", "/recover", {"since": "2026-01-01T00:00:00Z"}),
    ],
)
def test_another_person_s_address_is_a_404(owner, admin, fake, method, rest, body):
    answer = getattr(as_(admin), method)(f"{CHANNELS}/{address(owner).pk}{rest}", body)
    assert answer.status_code == 404
