"""manage.py export_person: all that is kept of somebody, without secrets, as JSON."""

from __future__ import annotations

import json
import stat
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from delivery.models import Address
from delivery.privacy.tables import OWNED
from events import api_keys
from events.models import CommandEntry
from tests.delivery.factories.retention import event, prune, row, sent, summary
from tests.own_settings import own

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("marked")]


@pytest.fixture
def exported(capsys):
    def run(user: Any) -> dict[str, Any]:
        call_command("export_person", user.get_username())
        return dict(json.loads(capsys.readouterr().out))

    return run


def test_every_table_of_theirs_is_in_it(owner, exported):
    sent(row(owner), tries=2)
    summary(owner)
    found = exported(owner)
    assert set(found) >= {table.name for table in OWNED}
    assert [len(found[name]) for name in ("notifications", "deliveries", "delivery_attempts", "summaries")] == [
        1,
        1,
        2,
        1,
    ]


def test_notifications_are_in_it_as_they_read(owner, exported):
    row(owner, of=event(payload={"name": "Shot 42", "by": "Ada"}))
    [found] = exported(owner)["notifications"]
    assert found["title"].startswith("Shot 42 by Ada")


def test_events_that_they_did_or_that_name_them_are_in_it(owner, member, exported):
    theirs = [
        event(actor_user=owner),
        event(recipients=[owner.pk]),
        event(payload={"mentioned_user_ids": [owner.pk]}),
        event(payload={"by": owner.email}),
    ]
    event(actor_user=member)
    assert [found["id"] for found in exported(owner)["events"]] == [one.pk for one in theirs]


def test_nothing_of_others_is_in_it(owner, member, exported):
    sent(row(member))
    assert all(exported(owner)[name] == [] for name in ("notifications", "deliveries", "notification_channels"))


def test_secrets_are_left_out(owner, exported):
    Address.objects.create(user=owner, kind="webhook", target="https://example.com", secret="sealed-secret")
    _, text = api_keys.issue(owner, label="Farm", publish_patterns=None, member_types=None, events_per_minute=None)
    found = exported(owner)
    assert found["api_keys"][0]["label"] == "Farm"
    assert "digest" not in found["api_keys"][0]
    assert all(secret not in json.dumps(found) for secret in ("sealed-secret", text, owner.password))


def test_what_is_archived_is_in_it(owner, member, settings, tmp_path, exported):
    own(settings, ARCHIVE_DIR=tmp_path)
    happened = event(actor_user=owner)
    sent(row(owner, of=happened))
    sent(row(member, of=happened))
    prune(archive=tmp_path)
    files = [line["file"].rpartition("-20")[0] for line in exported(owner)["archive"]]
    assert files == ["delivery_attempts", "deliveries", "notifications", "events"]


def test_a_file_is_for_its_owner_alone(owner, tmp_path):
    file = tmp_path / "owner.json"
    call_command("export_person", owner.get_username(), "--out", str(file))
    assert json.loads(file.read_text())["user_id"] == owner.pk
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_is_there_stays(owner, tmp_path):
    file = tmp_path / "owner.json"
    file.write_text("mine")
    with pytest.raises(CommandError, match="File exists"):
        call_command("export_person", owner.get_username(), "--out", str(file))
    assert file.read_text() == "mine"


def test_it_goes_into_the_log_by_number(owner, exported):
    exported(owner)
    assert CommandEntry.objects.get().text == f"all that is kept of user {owner.pk}"


def test_queries_do_not_grow_with_rows(owner, exported, django_assert_max_num_queries):
    for _ in range(30):
        row(owner)
    with django_assert_max_num_queries(40):
        exported(owner)
