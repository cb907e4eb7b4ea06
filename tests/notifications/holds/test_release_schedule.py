"""When beat asks for what is held."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from config.celery import app
from notifications import tasks

NAME = "Give back what is held"


@pytest.mark.django_db
def test_it_is_on_the_hour_in_utc():
    schedule = PeriodicTask.objects.get(name=NAME).crontab
    assert (schedule.minute, schedule.hour, str(schedule.timezone)) == ("0", "*", "UTC")


@pytest.mark.django_db
def test_it_names_a_task_that_workers_know():
    app.loader.import_default_modules()
    assert PeriodicTask.objects.get(name=NAME).task == tasks.release_all.name
    assert tasks.release_all.name in app.tasks


def test_it_is_shown_in_the_admin(admin_client):
    page = admin_client.get(reverse("admin:django_celery_beat_periodictask_changelist"))
    assert NAME in page.content.decode()
