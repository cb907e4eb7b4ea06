"""When beat looks at the hardware."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler, ModelEntry

from config.celery import app
from events.sources import tasks

NAME = "Look at this machine's disks"


@pytest.fixture
def entry(db) -> ModelEntry:
    """The row as beat reads it."""
    return ModelEntry(PeriodicTask.objects.get(name=NAME), app=app)


def test_the_first_look_comes_at_once(entry):
    assert entry.is_due().is_due


def test_a_look_that_waited_too_long_is_dropped(entry):
    assert (entry.schedule.run_every.total_seconds(), entry.options["expires"]) == (15, 15)


@pytest.mark.django_db(transaction=True)
def test_a_change_in_the_admin_outlives_a_restart_of_beat():
    PeriodicTask.objects.filter(name=NAME).update(enabled=False)
    DatabaseScheduler(app=app)
    assert not PeriodicTask.objects.get(name=NAME).enabled


def test_workers_know_the_task():
    app.loader.import_default_modules()
    assert tasks.observe_hardware.name in app.tasks


def test_the_schedule_is_shown_in_the_admin(admin_client):
    page = admin_client.get(reverse("admin:django_celery_beat_periodictask_changelist"))
    assert NAME.replace("'", "&#x27;") in page.content.decode()
