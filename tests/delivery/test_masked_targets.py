"""A URL may hold a token: beside its owner's own page only its host and the first word of its path are shown."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from delivery.channels import Outcome
from delivery.channels.network import http_outcome
from delivery.models import Delivery
from delivery.models.addresses import masked
from events.models import Event
from tests.delivery.factories import webhook_attempts
from tests.delivery.factories.deliveries import NOON, address, delivery
from tests.delivery.fakes.http_receiver import Reply
from tests.delivery.manual_sender import claim, settle

URL = "https://hooks.example.com/services/T000/B000/s3cret?key=s3cret"
SHOWN = "https://hooks.example.com/services/…"


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (URL, SHOWN),
        ("https://user:s3cret@example.com:8443/", "https://example.com:8443/"),
        ("https://example.com", "https://example.com"),
        ("https://example.com/hook", "https://example.com/hook"),
        ("https://example.com/hook?s3cret", "https://example.com/hook?…"),
        ("https://example.com/hook/", "https://example.com/hook/"),
        ("https://example.com/v1/s3cret", "https://example.com/v1/…"),
        ("https://example.com/0b9f-s3cret", "https://example.com/…"),
        ("https://example.com/AbCdEfGh", "https://example.com/…"),
        ("https://example.com/#s3cret", "https://example.com/?…"),
        ("https://[2001:db8::1]:8443/x/s3cret", "https://[2001:db8::1]:8443/x/…"),
        ("json://chat.example.com/…", "json://chat.example.com/…"),
        ("https://[broken/s3cret", "https://…"),
        ("owner@example.com", "owner@example.com"),
        ("Slack …D4JD", "Slack …D4JD"),
    ],
)
def test_what_is_shown_of_a_target(target, shown):
    assert masked(target) == shown
    assert masked(shown) == shown


@pytest.mark.django_db
class TestWhereItLeavesItsPage:
    def test_what_an_owner_is_told(self, owner, fake):
        box = address(owner, target=URL)
        delivery(box)
        settle(claim(fake), Outcome("dead", "gone", disables=True))
        assert Event.objects.get(event_type__name="system.address_disabled").payload["target"] == SHOWN

    def test_its_own_name(self, owner):
        assert str(address(owner, target=URL)) == f"fake {SHOWN} of user {owner.pk}"

    def test_the_pages_of_its_owner_but_its_own(self, owner, client):
        client.force_login(owner)
        row = address(owner, kind="webhook", target=URL)
        delivery(row, state=Delivery.State.DEAD, reason="http_5xx")
        for place in ("deliveries", "preferences"):
            page = client.get(reverse(f"carillon:{place}")).content.decode()
            assert "hooks.example.com/services/…" in page
            assert "s3cret" not in page
        assert "s3cret" in client.get(reverse("carillon:channel", args=[row.pk])).content.decode()

    def test_the_admin(self, owner, admin_client):
        row = address(owner, kind="webhook", target=URL)
        made = delivery(row, state=Delivery.State.DEAD)
        pages = [reverse(f"admin:carillon_delivery_{model}_changelist") for model in ("address", "delivery")]
        pages += [
            reverse("admin:carillon_delivery_address_change", args=[row.pk]),
            reverse("admin:carillon_delivery_delivery_change", args=[made.pk]),
        ]
        for page in pages:
            shown = admin_client.get(page).content.decode()
            assert SHOWN in shown
            assert "s3cret" not in shown

    def test_the_admin_s_own_log(self, owner, admin_client):
        row = address(owner, kind="webhook", target=URL)
        delivery(row, state=Delivery.State.DEAD, settled_at=NOON)
        form = {"action": "resend_dead", "_selected_action": [row.pk]}
        admin_client.post(reverse("admin:carillon_delivery_address_changelist"), form)
        assert not LogEntry.objects.filter(object_repr__contains="s3cret").exists()


def test_an_error_says_nothing_of_the_url(receiver):
    receiver.reply = Reply(raw=b"SSH-2.0-OpenSSH_9.2\r\n")
    outcome = webhook_attempts.post(f"{receiver.url}/services/s3cret")
    assert outcome.excerpt.startswith("ClientResponseError: ")
    assert "s3cret" not in outcome.excerpt


@pytest.mark.parametrize("location", [URL, "/services/s3cret", "//hooks.example.com/services/s3cret"])
def test_nor_does_a_redirect_to_itself(location):
    outcome = http_outcome.judge(301, {"Location": location}, now=NOON)
    assert outcome.excerpt.startswith("Location: ")
    assert outcome.excerpt.endswith("/services/…")
