"""A platform with job tasks on Carillon's Celery app: `-A tests.processes.programs.job_platform`.

`jobs` gives its messages away as the installation's own queue does, `careful` wants each acknowledged.
"""

from __future__ import annotations

import os
import signal
import time

import django
from kombu import Queue

from config.celery import app

app.conf.task_queues = [Queue("jobs", no_ack=True), Queue("careful")]
app.conf.worker_enable_remote_control = True

django.setup()

from events.sources.jobs import JobTask, job  # noqa: E402  models need django.setup()


@job(title="Fine", queue="jobs")
def fine(self: JobTask) -> None:
    for step in range(200):
        self.progress(step / 200)
        time.sleep(0.005)


@job(title="Too long", queue="jobs", time_limit=1)
def too_long(self: JobTask) -> None:
    time.sleep(60)


@job(title="Far too long", queue="jobs", soft_time_limit=1, time_limit=30)
def softly_limited(self: JobTask) -> None:
    time.sleep(60)


@job(title="Shot down", queue="jobs")
def shot_down(self: JobTask) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@job(title="Second try", queue="careful", default_retry_delay=0)
def second_try(self: JobTask) -> None:
    if not self.request.retries:
        raise self.retry(exc=ValueError("not yet"))


@job(title="Endless", queue="jobs")
def endless(self: JobTask) -> None:
    time.sleep(60)


@job(title="Careful", queue="careful", acks_late=True)
def careful(self: JobTask) -> None:
    if not self.request.get("redelivered_by_hand"):
        time.sleep(60)
