"""What goes is in the archive first, and can be read back."""

from __future__ import annotations

import gzip
import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError

from delivery.retention import tables
from delivery.retention.archive import Archive, read
from events.models import Event
from notifications.inbox import marking, removal
from tests.delivery.factories.retention import NOW, OLD, event, prune, row, sent, summary, there
from tests.events.concurrency import at_once

pytestmark = pytest.mark.django_db
DAY = f"{NOW - timedelta(days=OLD):%Y-%m-%d}"


def kept(folder: Path, table: str) -> list[int]:
    return [line["id"] for line in read(folder / f"{table}-{DAY}.jsonl.gz")]


def test_every_row_that_goes_is_kept_by_table_and_day(owner, tmp_path):
    old = row(owner)
    delivery = sent(old, tries=2)
    attempts = list(delivery.attempts.values_list("pk", flat=True))
    given_back = summary(owner)
    prune(archive=tmp_path)
    assert kept(tmp_path, "notifications") == [old.pk]
    assert kept(tmp_path, "deliveries") == [delivery.pk]
    assert kept(tmp_path, "delivery_attempts") == attempts
    assert kept(tmp_path, "summaries") == [given_back.pk]
    assert kept(tmp_path, "events") == [old.event_id]


def test_an_event_is_kept_whole(owner, tmp_path):
    made = event(payload={"title": "Épisode 3", "n": [1, None]}, actor_user=owner, source_entity_type="job")
    prune(archive=tmp_path)
    [line] = read(tmp_path / f"events-{DAY}.jsonl.gz")
    assert (line["event_type"], line["payload"], line["actor_user_id"]) == ("job.completed", made.payload, owner.pk)
    assert line["created_at"] == made.created_at.isoformat().replace("+00:00", "Z")


def test_any_gunzip_reads_it(tmp_path):
    event(), event()
    prune(archive=tmp_path)
    with gzip.open(tmp_path / f"events-{DAY}.jsonl.gz", "rt") as lines:
        assert len([json.loads(line) for line in lines]) == 2


def test_nobody_else_may_read_it(tmp_path):
    event()
    prune(archive=tmp_path)
    [file] = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_stays_is_not_in_it(owner, tmp_path):
    row(owner, hold="dnd")
    prune(archive=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_crash_before_the_delete_leaves_a_line_twice_and_loses_none(owner, tmp_path, monkeypatch):
    old = row(owner)
    with monkeypatch.context() as crash:
        crash.setattr(tables, "delete_rows", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            prune(archive=tmp_path)
    assert there(old, old.event) == [True, True]
    assert marking.state(owner.pk).unread_count == 1
    prune(archive=tmp_path)
    assert there(old, old.event) == [False, False]
    assert kept(tmp_path, "notifications") == [old.pk, old.pk]


@pytest.mark.parametrize("torn", [1, 9, 30])
def test_half_a_batch_that_a_crash_left_is_cut_off(tmp_path, torn):
    archive, path = Archive(tmp_path), tmp_path / f"events-{DAY}.jsonl.gz"
    first = event()
    archive.keep("events", Event.objects.values(), made="created_at")
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:torn])
    assert kept(tmp_path, "events") == [first.pk]
    prune(archive=tmp_path)
    assert kept(tmp_path, "events") == [first.pk] * 2
    assert path.read_bytes().startswith(whole)


def test_zeros_that_a_power_cut_left_are_cut_off(tmp_path):
    path = tmp_path / f"events-{DAY}.jsonl.gz"
    path.write_bytes(bytes(4096))
    made = event()
    prune(archive=tmp_path)
    assert kept(tmp_path, "events") == [made.pk]
    assert not path.read_bytes().endswith(bytes(64))


def test_without_a_place_for_it_everything_stays(owner, tmp_path):
    old = row(owner)
    with pytest.raises(OSError, match="missing"):
        prune(archive=tmp_path / "missing")
    assert there(old, old.event) == [True, True]


def test_what_is_read_while_it_is_archived_stays_for_the_next_run(owner, tmp_path, monkeypatch):
    old = row(owner)
    keep = Archive.keep

    def read_meanwhile(self, table, rows, *, made) -> None:
        keep(self, table, rows, made=made)
        marking.mark(owner.pk, ids=[old.pk], is_read=True, now=NOW)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Archive, "keep", read_meanwhile)
        prune(archive=tmp_path)
    assert there(old) == [True]
    prune(archive=tmp_path)
    assert [line["is_read"] for line in read(tmp_path / f"notifications-{DAY}.jsonl.gz")] == [False, True]


def test_several_that_write_at_once_leave_whole_lines(tmp_path):
    made = [event() for _ in range(3)]
    rows = list(Event.objects.values())
    at_once(*[lambda: Archive(tmp_path).keep("events", rows, made="created_at")] * 6)
    assert sorted(kept(tmp_path, "events")) == sorted([one.pk for one in made] * 6)


def test_a_batch_in_others_hands_is_left(owner, monkeypatch):
    old = row(owner)
    with monkeypatch.context() as busy:
        busy.setattr(removal, "lock", lambda users: (_ for _ in ()).throw(OperationalError("locked")))
        assert prune().busy == 1
    assert there(old) == [True]
    assert prune().gone["notifications"] == 1
