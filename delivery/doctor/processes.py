"""Checks of the processes: each gives signs of life, and beat asks for what is due."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from celery import current_app
from django_celery_beat.models import PeriodicTask

from delivery.doctor.check import Finding, named, ok, warn, wrong
from delivery.schedule import BEAT_SCHEDULE
from events.db import clock
from events.models import ServiceRun
from events.sources.service_runs import SILENT

# Beat writes down when it last asked every three minutes.
_BEAT_WRITES = timedelta(minutes=5)
_BEAT = "Run exactly one `celery -A config beat` (`serve` has its own)."


def schedules() -> Finding:
    """Rows of beat's schedule: there, enabled, and asked for lately."""
    if "DatabaseScheduler" not in str(current_app.conf.beat_scheduler):
        return ok("They are settings of Celery, which the system checks look at.")
    wanted = {entry["task"]: name for name, entry in BEAT_SCHEDULE.items()}
    rows = {row.task: row for row in PeriodicTask.objects.filter(task__in=wanted)}
    if missing := [name for task, name in wanted.items() if task not in rows]:
        return wrong(
            f"Not there: {named(missing)}.", do="Add them in the admin, Periodic tasks, as docs/operate.md says."
        )
    if off := [row.name for row in rows.values() if not row.enabled]:
        return warn(f"Switched off: {named(off)}.", do="Switch them on in the admin, Periodic tasks.")
    now = clock.now()
    late = [row.name for row in rows.values() if row.last_run_at is None or row.last_run_at < now - _longest(row)]
    return warn(f"Not asked for lately: {named(late)}.", do=_BEAT) if late else ok("All are asked for.")


def heartbeats() -> Finding:
    running = list(ServiceRun.objects.filter(ended_at=None))
    now = clock.now()
    silent = [str(run) for run in running if run.seen_at < now - SILENT]
    alive = {run.role for run in running if run.seen_at >= now - SILENT}
    if not alive & {"worker", "serve"}:
        return wrong("No worker gives signs of life: nobody is told.", do="Start a worker, or `manage.py serve`.")
    if silent:
        return warn(
            f"Silent for more than {SILENT.total_seconds():.0f} s, without an end: {named(silent)}.",
            do="See whether it hangs or was killed. The next of its role that starts takes it off the list.",
        )
    return ok(f"{len(running)} give signs of life: {', '.join(_counted(running))}.")


def _counted(running: list[ServiceRun]) -> Iterator[str]:
    roles = [run.role for run in running]
    yield from (f"{roles.count(role)} {role}" for role in sorted(set(roles)))


def _longest(row: Any) -> timedelta:
    """Longest time that a schedule may leave between two runs."""
    period = row.interval.schedule.run_every if row.interval else timedelta(hours=1)
    return timedelta(seconds=2 * period.total_seconds()) + _BEAT_WRITES
