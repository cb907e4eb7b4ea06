"""Demo data: honest, over the bus, and the same however often it is loaded."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone

from config import demo
from delivery.models import Delivery
from events.models import Event, Membership
from events.sweep import sweep
from notifications.inbox import summaries
from notifications.models import Notification
from notifications.pages.auth_views import DEMO_ACCOUNTS, DEMO_PASSWORD
from notifications.preferences import digest_preview

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded(db):
    demo.load()
    sweep()


def titles(name: str) -> list[str]:
    rows = Notification.objects.filter(user__username=name, channel="in_app").select_related("event")
    return [row.event.event_type.name for row in rows]


def test_everybody_can_sign_in_with_the_printed_password(loaded):
    assert all(authenticate(username=name, password=DEMO_PASSWORD) for name in DEMO_ACCOUNTS)


def test_alice_has_a_finished_job_a_review_and_a_mention(loaded):
    assert {"job.completed", "review.approved", "collab.mention"} <= set(titles("alice"))


def test_bob_has_his_failed_job(loaded):
    assert "job.failed" in titles("bob")


def test_carol_is_told_as_a_watcher(loaded):
    assert "review.comment" in titles("carol")


def test_everybody_has_a_name(loaded):
    assert User.objects.get(username="carol").get_full_name() == "Carol Diaz"
    assert not User.objects.filter(username__in=DEMO_ACCOUNTS, last_name="").exists()


def test_admin_hears_of_a_machine_that_is_nearly_full(loaded):
    [row] = Notification.objects.filter(user__username="admin", event__event_type__name="system.disk_warning")
    assert {"host": "render-02", "percent": 91.0, "threshold": 90}.items() <= row.event.payload.items()


def test_admin_s_hot_gpu_is_over(loaded):
    [row] = Notification.objects.filter(user__username="admin", event__resolved_by__event_type__name="system.gpu_ok")
    assert row.event.event_type.name == "system.gpu_warning"
    assert row.is_read


def test_alice_s_webhooks_went_in_three_ways(loaded):
    told = dict(Delivery.objects.values_list("notification__event__event_type__name", "state"))
    assert told == {"review.approved": "sent", "review.comment": "dead", "review.rejected": "pending"}
    assert not Delivery.objects.filter(state="pending", due_at__lt=timezone.now() + timedelta(hours=5)).exists()


def test_alice_has_a_summary_and_carol_s_digest_collects(loaded):
    alice, carol = (User.objects.get(username=name) for name in ("alice", "carol"))
    [summary] = summaries.shown(alice.pk)
    assert (summary.kind, summary.by_type) == ("dnd", {"collab.mention": 1, "job.completed": 1})
    assert digest_preview.preview(carol.pk, now=timezone.now()).by_type == {"review.comment": 1}


def test_a_second_load_changes_nothing(loaded):
    before = [model.objects.count() for model in (User, Event, Membership, Notification)]
    demo.load()
    sweep()
    assert [model.objects.count() for model in (User, Event, Membership, Notification)] == before


def test_an_account_that_is_there_keeps_its_password():
    User.objects.create_user("alice", password="her own")
    demo.load()
    assert authenticate(username="alice", password="her own")


def test_the_command_refuses_without_debug(settings):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="needs DEBUG=true"):
        call_command("demo")
