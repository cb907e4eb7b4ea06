"""What a project's Celery settings import is what `migrate` makes, and every task there is."""

from __future__ import annotations

import pytest
from django_celery_beat.models import PeriodicTask

from config.celery import app
from delivery.schedule import BEAT_SCHEDULE, routes

FLOORS = ("events.", "notifications.", "delivery.")


@pytest.mark.django_db
def test_the_schedule_is_that_of_the_rows():
    rows = {row.name: row for row in PeriodicTask.objects.filter(task__regex=f"^({'|'.join(FLOORS)})")}
    assert rows.keys() == BEAT_SCHEDULE.keys()
    for name, entry in BEAT_SCHEDULE.items():
        assert (rows[name].task, rows[name].expire_seconds) == (entry["task"], entry["options"]["expires"])
        every = entry["schedule"]
        assert rows[name].schedule.is_due(rows[name].date_changed) is not None
        if isinstance(every, int):
            assert rows[name].interval.every == every
        else:
            assert rows[name].crontab.minute == "0"


def test_every_task_has_its_route():
    app.loader.import_default_modules()
    assert set(routes("bells")) == {name for name in app.tasks if name.startswith(FLOORS)}
