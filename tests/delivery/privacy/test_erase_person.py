"""manage.py erase_person: what goes, what stays for others, and that a run may break off."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from delivery.models import Address, Delivery
from delivery.privacy import erase
from delivery.privacy.tables import NAMED_IN, OWNED
from delivery.retention.archive import read
from events import api_keys, audit
from events.models import CommandEntry, Event
from events.rendering import render
from notifications.models import Inbox, Notification
from tests.accounts.factory import name_of
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.factories.retention import event, prune, row, sent, summary
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("marked")]


def run(user: Any, *more: str) -> None:
    call_command("erase_person", user.get_username(), "--yes", *more)


def text_of(happened: Event) -> str:
    happened = Event.objects.select_related("event_type", "actor_user").get(pk=happened.pk)
    return render(happened, happened.event_type).title


def test_all_rows_go_and_the_account_last(owner):
    sent(row(owner), tries=2)
    summary(owner)
    run(owner)
    assert not get_user_model()._default_manager.filter(pk=owner.pk).exists()
    assert not any(table.model._default_manager.filter(**{table.lookup: owner.pk}).exists() for table in OWNED)
    assert not any(table.model._default_manager.filter(**{table.lookup: owner.pk}).exists() for table in NAMED_IN)


def test_without_yes_nothing_changes_and_the_counts_are_said(owner, capsys):
    sent(row(owner, of=event(actor_user=owner)))
    call_command("erase_person", owner.get_username())
    said = capsys.readouterr().out
    assert "1 notifications" in said
    assert "1 events changed" in said
    assert Notification.objects.filter(user=owner, event__actor_user=owner).exists()


def test_others_keep_their_rows_and_read_them_without_the_name(owner, member):
    happened = event(actor_user=owner, payload={"name": "Shot 42", "by": "Ada"})
    theirs = row(member, of=happened)
    theirs.refresh_from_db()
    assert text_of(happened).startswith("Shot 42 by Ada, ")
    run(owner)
    assert text_of(happened) == "Shot 42 by [erased],"
    assert Notification.objects.get(pk=theirs.pk).seq == theirs.seq
    assert Inbox.objects.get(user=member).unread_count == 1


def test_events_keep_their_place_and_time(owner):
    happened = event(actor_user=owner, payload={"by": "Ada"}, publisher=f"user:{owner.pk}", idempotency_key="k")
    run(owner)
    after = Event.objects.get(pk=happened.pk)
    assert (after.position, after.created_at) == (happened.position, happened.created_at)
    assert (after.actor_user_id, after.publisher, after.idempotency_key) == (None, "erased", None)


def test_two_who_published_with_one_key_are_both_erased(owner, member):
    for user in (owner, member):
        event(publisher=f"user:{user.pk}", idempotency_key="same")
    run(owner)
    run(member)
    assert list(Event.objects.values_list("publisher", flat=True)) == ["erased", "erased"]


def test_events_of_others_lose_only_the_name(owner, member):
    named = event(actor_user=member, payload={"name": owner.email, "by": owner.email.upper()})
    other = event(actor_user=member, payload={"by": "Bo"})
    run(owner)
    assert Event.objects.get(pk=named.pk).payload == {"name": owner.email, "by": "[erased]"}
    assert Event.objects.get(pk=other.pk).payload == {"by": "Bo"}
    assert Event.objects.get(pk=other.pk).actor_user_id == member.pk


def test_lists_of_people_lose_their_number(owner, member):
    happened = event(recipients=[owner.pk, member.pk], payload={"mentioned_user_ids": [member.pk, owner.pk]})
    burst = row(member, actors=[owner.pk, member.pk])
    run(owner)
    happened.refresh_from_db()
    burst.refresh_from_db()
    assert (happened.recipients, happened.payload) == ([member.pk], {"mentioned_user_ids": [member.pk]})
    assert burst.actors == [member.pk]


def test_a_message_that_waits_is_made_anew_and_what_was_sent_is_forgotten(owner, member):
    theirs = row(member, of=event(actor_user=owner, payload={"by": "Ada"}), channel="fake")
    waiting = delivery(address(member), of=theirs, body=b"by Ada", content_type="text/plain")
    other = delivery(address(member), body=b"by Bo")
    run(owner)
    assert Delivery.objects.get(pk=waiting.pk).body is None
    assert bytes(Delivery.objects.get(pk=other.pk).body or b"") == b"by Bo"


def test_the_archive_loses_their_lines_and_their_names(owner, member, settings, tmp_path):
    own(settings, ARCHIVE_DIR=tmp_path)
    happened = event(actor_user=owner, payload={"by": "Ada"})
    sent(row(owner, of=happened))
    theirs = row(member, of=happened)
    prune(archive=tmp_path)
    run(owner)
    lines = {path.name.rpartition("-20")[0]: list(read(path)) for path in tmp_path.iterdir()}
    assert [line["id"] for line in lines["notifications"]] == [theirs.pk]
    assert (lines["deliveries"], lines["delivery_attempts"]) == ([], [])
    assert [(line["actor_user_id"], line["payload"]) for line in lines["events"]] == [(None, {"by": "[erased]"})]


def test_what_is_archived_after_they_went_is_erased_by_their_number(owner, member, settings, tmp_path):
    number = owner.pk
    happened = event(actor_user=owner)
    prune(archive=tmp_path)
    run(owner)
    own(settings, ARCHIVE_DIR=tmp_path)
    call_command("erase_person", f"id:{number}", "--yes")
    [file] = tmp_path.iterdir()
    assert [(line["id"], line["actor_user_id"]) for line in read(file)] == [(happened.pk, None)]


@pytest.mark.parametrize("step", ["_change_events", "_leave_bursts", "_leave_logs", "_empty", "_delete"])
def test_a_run_that_broke_off_is_begun_again(owner, member, monkeypatch, step):
    sent(row(owner, of=event(actor_user=owner, payload={"by": "Ada"})))
    with monkeypatch.context() as crash:
        crash.setattr(erase, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(owner)
    run(owner)
    assert not Notification.objects.exists()
    assert Event.objects.get().payload == {"by": "[erased]"}


def test_nobody_is_told_of_anything_more_while_it_runs(owner, monkeypatch):
    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(erase, "_change_events", crash)
    with pytest.raises(KeyboardInterrupt):
        run(owner)
    owner.refresh_from_db()
    assert not owner.is_active


def test_the_account_may_stay_for_the_project(owner):
    row(owner)
    run(owner, "--keep-account")
    owner.refresh_from_db()
    assert owner.is_active
    assert not Notification.objects.exists()


def test_it_goes_into_the_log_by_number_alone(owner):
    row(owner)
    run(owner)
    began, ended = CommandEntry.objects.order_by("pk")
    assert began.text == f"begins with user {owner.pk}"
    assert "1 notifications" in ended.text
    assert name_of(owner) not in began.text + ended.text


def test_logs_about_them_lose_the_name(owner, member):
    api_keys.issue(owner, label="Farm", publish_patterns=None, member_types=None, events_per_minute=None)
    audit.note_command("token", text=f"key 1 (Farm) of {owner} for all that this person may do")
    audit.note([owner], by=member.pk, text="changed")
    run(owner)
    assert LogEntry.objects.get(action_flag=CHANGE).object_repr == "[erased]"
    assert CommandEntry.objects.get(command="token").text == "key 1 (Farm) of [erased] for all that this person may do"


def test_an_alert_about_their_address_keeps_no_address(owner):
    box = address(owner, target="Ada@example.com")
    payload = {"target": "ada@example.com", "reason": "It can't be reached."}
    alert = event(payload=payload, source_entity_type="address", source_entity_id=box.pk)
    run(owner)
    assert Event.objects.get(pk=alert.pk).payload == payload | {"target": "[erased]"}


def test_an_address_of_others_stays(owner, member):
    kept = address(member)
    run(owner)
    assert Address.objects.filter(pk=kept.pk).exists()


def test_more_than_a_batch_goes(owner, monkeypatch):
    monkeypatch.setattr(erase, "BATCH", 2)
    monkeypatch.setattr("delivery.privacy.walk.BATCH", 2)
    for _ in range(5):
        sent(row(owner, of=event(actor_user=owner)))
    run(owner)
    assert not Event.objects.exclude(actor_user=None).exists()


def test_somebody_who_is_nobody_is_refused():
    with pytest.raises(CommandError, match="There is no user"):
        call_command("erase_person", "nobody", "--yes")


def test_a_schema_that_can_not_be_read_stops_it_before_anything_goes(owner, marked):
    row(owner)
    type(marked).objects.filter(pk=marked.pk).update(schema={"type": 3})
    with pytest.raises(CommandError, match=r"Stopped: job\.completed: schema"):
        run(owner)
    owner.refresh_from_db()
    assert (owner.is_active, Notification.objects.count()) == (True, 1)
