"""What is changed from the command line is written down: what, by whom, on which machine."""

from __future__ import annotations

import contextlib
import socket

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.urls import reverse

from events.dispatch import subscribers
from events.models import ApiKey, CommandEntry
from tests.delivery.factories import django_notifications

pytestmark = pytest.mark.django_db

TRACED = {
    "token",
    "replay",
    "prune",
    "reseal",
    "doctor",
    "import_django_notifications",
    "export_person",
    "erase_person",
}
UNTRACED = {
    "publish": "an event in the log says itself what was published",
    "comfyui_bridge": "publishes events",
    "hardware_monitor": "publishes events",
    "explain": "changes nothing",
    "payloads": "changes nothing",
    "check_webhook_sender": "changes nothing",
    "demo": "needs DEBUG",
    "serve": "is a process of the service; its run is written down",
    "web": "is a process of the service; its run is written down",
}


def entry() -> CommandEntry:
    return CommandEntry.objects.get()


def test_each_command_is_traced_or_has_a_reason_why_not():
    ours = {name for name, app in get_commands().items() if app in ("config", "events", "notifications", "delivery")}
    assert ours == TRACED | set(UNTRACED)


def test_a_key_that_is_made_is_written_down_without_the_key(owner, capsys):
    call_command("token", "owner", "--publish", "job.*", "--label", "Farm")
    text = capsys.readouterr().out.strip()
    assert entry().text == f"key {ApiKey.objects.get().pk} (Farm) of owner for job.* and memberships of job"
    assert text not in entry().text


def test_a_key_for_all_that_its_owner_may_do_says_so(owner):
    call_command("token", "owner")
    assert entry().text.endswith("of owner for all that this person may do")


def test_a_subscriber_that_is_moved_is_written_down():
    subscribers.enroll()
    call_command("replay", "notifications", "--after", "0")
    assert (entry().command, entry().text) == ("replay", "notifications goes on after position 0")


def test_badges_that_are_mended_are_written_down_and_a_look_is_not():
    with contextlib.suppress(CommandError):
        call_command("doctor")
    assert not CommandEntry.objects.exists()
    call_command("doctor", "--fix")
    assert (entry().command, entry().text) == ("doctor", "mended 0 of 0 wrong badges")


def test_pruning_is_written_down_before_it_begins_and_with_what_went():
    call_command("prune", "--days", "30")
    began, ended = CommandEntry.objects.order_by("pk")
    assert began.text == "begins with what is older than 30 days"
    assert ended.text.startswith("Gone: 0 ")


@pytest.mark.parametrize(
    "arguments", [("token", "nobody"), ("replay", "nobody"), ("prune", "--days", "0"), ("prune", "--dry-run")]
)
def test_what_changed_nothing_leaves_no_entry(arguments):
    with contextlib.suppress(CommandError):
        call_command(*arguments)
    assert not CommandEntry.objects.exists()


@pytest.mark.parametrize(("sudo", "operator"), [("alice", "alice"), ("", "carillon")])
def test_the_operator_is_who_asked_sudo_or_else_who_the_system_says(owner, monkeypatch, sudo, operator):
    monkeypatch.setenv("LOGNAME", "carillon")
    monkeypatch.setenv("SUDO_USER", sudo)
    call_command("token", "owner")
    assert (entry().operator, entry().host) == (operator, socket.gethostname())


def test_the_entries_are_in_the_admin_to_look_at(admin_client, owner):
    call_command("token", "owner")
    listed = admin_client.get(reverse("admin:carillon_events_commandentry_changelist"))
    assert "of owner for all" in listed.content.decode()
    place = reverse("admin:carillon_events_commandentry_delete", args=[entry().pk])
    assert admin_client.post(place, {"post": "yes"}).status_code == 403


def test_resealing_is_written_down_before_it_begins_and_with_what_it_did():
    call_command("reseal")
    began, ended = CommandEntry.objects.order_by("pk")
    assert began.text.startswith("begins")
    assert ended.text == "0 resealed, 0 were already, 0 can't be read"


def test_an_import_is_written_down_before_it_begins_and_with_what_it_did():
    django_notifications.create()
    call_command("import_django_notifications")
    began, ended = CommandEntry.objects.order_by("pk")
    assert began.text == "begins with notifications_notification"
    assert ended.text.startswith("0 imported, 0 were already")
