"""What each check of the doctor finds wrong, made wrong for it."""

from __future__ import annotations

import os
import smtplib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from celery import current_app
from channels.layers import BaseChannelLayer
from django.core.mail.backends.smtp import EmailBackend
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from delivery.doctor import counts, database, machine, outside, processes
from delivery.encryption import seal
from delivery.models import Address
from delivery.monitoring import health
from events.db import catalog, clock
from events.models import LogHead, ServiceRun
from notifications.inbox import recount
from tests.delivery.factories.retention import event, row
from tests.own_settings import own

pytestmark = pytest.mark.django_db


def run(role: str, *, ago: float = 0) -> ServiceRun:
    seen = timezone.now() - timedelta(seconds=ago)
    return ServiceRun.objects.create(role=role, host="h", pid=1, process_started=0, version="1", seen_at=seen)


def test_all_is_well_with_a_new_database():
    looks = (database.answers, database.migrations, database.writes, database.rules, database.constraints)
    assert [look().level for look in (*looks, counts.log, counts.deliveries, counts.secrets)] == ["ok"] * 8


def test_a_migration_that_is_missing():
    MigrationRecorder.Migration.objects.filter(app="carillon_delivery").latest("pk").delete()
    assert (database.migrations().level, database.migrations().do) == ("wrong", "Run `manage.py migrate`.")


def test_a_migration_of_newer_code():
    MigrationRecorder.Migration.objects.create(app="carillon_events", name="0999_later")
    assert database.migrations().said == "Applied by newer code: carillon_events.0999_later."


def test_a_database_that_takes_no_writes(monkeypatch):
    monkeypatch.setattr(health, "problem_of_writes", lambda: "the database takes no writes (DiskFull)")
    assert database.writes().said == "The database takes no writes (DiskFull)."


@pytest.mark.service
def test_a_rule_of_a_key_that_is_another():
    with connection.cursor() as cursor:
        cursor.execute(
            catalog._KEYS.replace("rel.relname, att.attname, con.confdeltype::text", "con.conname"), [["mutes"]]
        )
        name = cursor.fetchone()[0]
        cursor.execute(f'ALTER TABLE mutes DROP CONSTRAINT "{name}"')
    assert database.rules().said == "Missing or others: mutes.user_id."


@pytest.mark.service
def test_a_trigger_that_is_missing():
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER set_updated_at ON event_types")
    assert database.rules().said == "Missing or others: event_types, trigger set_updated_at."


def test_an_index_that_is_missing():
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX idx_events_project")
    assert database.constraints().level == "warn"


def test_a_head_behind_its_events():
    event()
    LogHead.objects.update(position=0)
    assert (counts.log().level, "UPDATE log_head" in counts.log().do) == ("wrong", True)


def test_an_event_that_waits_for_its_number():
    event(1, is_numbered=False)
    assert counts.log().level == "wrong"


def test_a_secret_under_another_key(owner, settings):
    Address.objects.create(user=owner, kind="webhook", target="https://example.com", secret=seal("whsec_1"))
    assert counts.secrets().level == "ok"
    settings.SECRET_KEY = "another"
    assert counts.secrets().said == "Of 1 addresses the secret can't be read under this SECRET_KEY."


def test_badges_are_recounted_as_long_as_there_is_time(owner, monkeypatch):
    row(owner)
    assert counts.badges(seconds=5).level == "ok"
    monkeypatch.setattr(recount, "everybody", lambda: iter([[owner.pk], [1 / 1]]))
    assert counts.badges(seconds=0).said == "1 people's say what is unread."


def test_a_schedule_that_is_not_there():
    PeriodicTask.objects.filter(task="delivery.prune").delete()
    assert processes.schedules().said == "Not there: Prune what is past its time."


def test_a_schedule_that_is_switched_off():
    PeriodicTask.objects.filter(task="delivery.prune").update(enabled=False)
    assert processes.schedules().said == "Switched off: Prune what is past its time."


@pytest.mark.parametrize(("minutes", "level"), [(1, "ok"), (60 * 3, "warn")])
def test_a_beat_that_asks_no_more(minutes, level):
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(minutes=minutes))
    assert processes.schedules().level == level


def test_a_schedule_in_settings_is_theirs(monkeypatch):
    conf = SimpleNamespace(beat_scheduler="celery.beat:PersistentScheduler")
    monkeypatch.setattr(processes, "current_app", SimpleNamespace(conf=conf))
    assert processes.schedules().level == "ok"


def test_without_a_worker_nobody_is_told():
    run("web")
    assert processes.heartbeats().level == "wrong"


def test_processes_that_live_are_counted():
    run("web"), run("web"), run("worker")
    assert processes.heartbeats().said == "3 give signs of life: 2 web, 1 worker."


def test_a_process_that_fell_silent_is_named():
    run("worker"), run("web", ago=1000)
    assert processes.heartbeats().said.endswith("without an end: web 1 on h.")


@pytest.mark.parametrize(("off", "level"), [(0, "ok"), (20, "warn"), (-120, "wrong")])
def test_a_clock_that_is_off(monkeypatch, off, level):
    monkeypatch.setattr(clock, "ahead", lambda: timedelta(seconds=off))
    assert machine.clocks().level == level


def test_a_folder_that_is_not_there(settings, tmp_path):
    own(settings, ARCHIVE_DIR=tmp_path / "missing")
    assert machine.files().level == "wrong"


@pytest.mark.parametrize(("mode", "level"), [(0o600, "ok"), (0o644, "warn")])
def test_secrets_that_others_may_read(settings, tmp_path, monkeypatch, mode, level):
    (tmp_path / "env").touch(mode)
    os.chmod(tmp_path / "env", mode)
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "env"))
    monkeypatch.setattr(machine, "_database_files", list)
    assert machine.files().level == level


def test_mails_that_reach_nobody_are_a_warning():
    assert outside.mail().level == "warn"


class Smtp:
    """Stands for an SMTP server that lets the user in, or fails with `error`."""

    error: Exception | None = None

    def __init__(self, *_: object, **__: object) -> None:
        if self.error:
            raise self.error

    def ehlo_or_helo_if_needed(self) -> None: ...

    def quit(self) -> None: ...


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (None, "ok", "mail.example.com:25 greets."),
        (OSError("refused"), "wrong", "doesn't answer as a mail server: OSError: refused."),
        (smtplib.SMTPAuthenticationError(535, b"no"), "wrong", "mail.example.com:25 refuses the user: 535."),
    ],
)
def test_a_mail_server_is_greeted(settings, monkeypatch, error, level, said):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 25
    monkeypatch.setattr(Smtp, "error", error)
    monkeypatch.setattr(EmailBackend, "connection_class", Smtp)
    found = outside.mail()
    assert (found.level, found.said.endswith(said)) == (level, True)


def test_a_backend_of_the_project_is_not_tried(settings):
    settings.EMAIL_BACKEND = "tests.delivery.doctor.test_checks.ProjectBackend"
    assert outside.mail().level == "ok"


class ProjectBackend:
    """Stands for a mail backend that isn't SMTP."""

    def __init__(self, **_: object) -> None: ...


def test_the_broker_and_the_layer_answer():
    assert (outside.broker().level, outside.layer().level) == ("ok", "ok")


def test_a_broker_that_is_away(monkeypatch):
    monkeypatch.setattr(current_app.connection_for_write().__class__, "ensure_connection", refuse)
    assert outside.broker().said == "It doesn't answer: ConnectionRefusedError."


def refuse(*_: object, **__: object) -> None:
    raise ConnectionRefusedError


class Deaf(BaseChannelLayer):  # type: ignore[misc]  # channels has no types
    """Stands for a layer from which nothing comes back."""

    async def new_channel(self) -> str:
        raise ConnectionRefusedError


def test_a_layer_that_is_away(monkeypatch):
    monkeypatch.setattr(outside, "get_channel_layer", Deaf)
    assert outside.layer().said == "A message doesn't come back: ConnectionRefusedError."
