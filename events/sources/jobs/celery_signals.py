"""Celery's signals of job tasks, written down. Each receiver says what Celery means by it and where it runs."""

import sys
from datetime import timedelta
from typing import Any

from celery import signals
from celery.exceptions import Reject, Retry
from django.db import connection

from events.sources.jobs import lifecycle, reporter, tracking
from events.sources.jobs import task as jobs
from events.sources.jobs.task import JobTask
from events.transport.celery_task import is_unacknowledged

# A broker looks for what was not acknowledged now and then, not at the second.
_REDELIVERY_SECONDS = 120
_VISIBILITY_SECONDS = 3600


def connect() -> None:
    """Once, at start-up."""
    signals.task_prerun.connect(_on_prerun, dispatch_uid="carillon.jobs")
    signals.task_postrun.connect(_on_postrun, dispatch_uid="carillon.jobs")
    signals.task_failure.connect(_on_failure, dispatch_uid="carillon.jobs")
    signals.task_retry.connect(_on_retry, dispatch_uid="carillon.jobs")
    signals.task_revoked.connect(_on_revoked, dispatch_uid="carillon.jobs")
    signals.task_unknown.connect(_on_unknown, dispatch_uid="carillon.jobs")


def _on_prerun(task_id: str, task: Any, args: Any, kwargs: Any, **_more: Any) -> None:
    """Begin the job; sent in the process that runs the task, before it does."""
    if not isinstance(task, JobTask):
        return
    about = jobs.declared(task, args, kwargs, task.request.headers)
    key = jobs.key_of(task_id)
    if about is not None and key not in tracking.running:
        live = tracking.begin(key, about, patience=_patience(task))
        if live is not None:
            tracking.running[key] = live


def _on_postrun(task_id: str, task: Any, retval: Any, state: str | None, **_more: Any) -> None:
    """End the job; sent in the process that ran the task. Without a state something went right through Celery."""
    if not isinstance(task, JobTask):
        return
    key = jobs.key_of(task_id)
    live = tracking.running.pop(key, None)
    last = reporter.release(live) if live else None
    match state:
        case "SUCCESS":
            tracking.ended(key, "completed", {}, last=last)
        case "IGNORED" if task_id in type(task)._replaced:
            type(task)._replaced -= {task_id}
            reporter.write(lambda: lifecycle.requeue(key), warning="A replaced job could not be put back")
        case "IGNORED":
            tracking.ended(key, "cancelled", {"message": "The task asked to be ignored"}, last=last)
        case "REJECTED" if isinstance(retval, Reject) and getattr(retval, "requeue", False):
            reporter.write(lambda: lifecycle.requeue(key), warning="A rejected job could not be put back")
        case "REJECTED":
            tracking.ended(key, "failed", {"error": f"Rejected: {lifecycle.text(retval)}"}, last=last)
        case None if task.request.is_eager:
            _end_eagerly(key, sys.exc_info()[1])
        case _:
            # FAILURE and RETRY have signals of their own; of a process that is being stopped its parent tells.
            return


def _end_eagerly(key: str, error: BaseException | None) -> None:
    """An eager task whose exceptions go to the caller: Celery sends no signal for them."""
    if isinstance(error, Retry) or error is None:
        return
    if isinstance(error, Exception):
        tracking.ended(key, "failed", tracking.failure(error))
    else:
        tracking.ended(key, "cancelled", {"message": f"Stopped by {type(error).__name__}"})


def _on_failure(sender: Any, task_id: str, exception: BaseException, **_more: Any) -> None:
    """End the job as failed; sent in the process that ran the task or, for a hard time limit or a killed child, its
    parent."""
    if not isinstance(sender, JobTask):
        return
    key = jobs.key_of(task_id)
    live = tracking.running.get(key)
    last = reporter.release(live) if live else None
    tracking.ended(key, "failed", tracking.failure(exception), last=last)
    if live is None and not connection.in_atomic_block:
        # The parent forks new children: they must not inherit its connection.
        connection.close()


def _on_retry(sender: Any, request: Any, **_more: Any) -> None:
    """Put the job back, to run again: what a parent retries for a lost child has not been put back by `retry`."""
    key = jobs.key_of(request.id)
    if isinstance(sender, JobTask) and key not in tracking.running:
        wait = timedelta(seconds=sender.job_wait_seconds)
        reporter.write(lambda: lifecycle.requeue(key, wait=wait), warning="A retried job could not be put back")


def _on_revoked(sender: Any, request: Any, terminated: bool, expired: bool, **_more: Any) -> None:
    """Cancel the job; sent in the worker's parent for a task revoked or expired before it ran, or terminated."""
    if not isinstance(sender, JobTask):
        return
    message = "It expired before it began" if expired else "Terminated" if terminated else "Revoked"
    about = jobs.declared(sender, request.args, request.kwargs, request.headers)
    key = jobs.key_of(request.id)
    if about is not None:
        reporter.attempt(lambda: lifecycle.submit(key, about), warning=f"job.submitted of {about.name}")
    tracking.ended(key, "cancelled", {"message": message})
    if not connection.in_atomic_block:
        connection.close()


def _on_unknown(name: str, id: str, **_more: Any) -> None:  # noqa: A002  Celery's name
    """End the job as failed; sent in a worker that doesn't know the task and has thrown its message away. Most are no
    jobs."""
    tracking.ended(jobs.key_of(id), "failed", {"error": f"The worker that took it knows no task {name}"})
    if not connection.in_atomic_block:
        connection.close()


def _patience(task: JobTask) -> timedelta:
    """Time a job may be silent beyond its lease: until the broker has given it to another worker."""
    info = task.request.delivery_info or {}
    if not task.acks_late or task.request.is_eager or is_unacknowledged(task.app, info):
        return timedelta()
    visibility = (task.app.conf.broker_transport_options or {}).get("visibility_timeout", _VISIBILITY_SECONDS)
    return timedelta(seconds=visibility + _REDELIVERY_SECONDS)
