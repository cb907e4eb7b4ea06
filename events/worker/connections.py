"""A worker process keeps its database connection from task to task, and tries it before each.

Celery closes it around every task (settings.CELERY_DB_REUSE_MAX keeps it from that): then each task opens one anew,
which costs more than the work of most hints.
"""

from typing import Any

from celery import Task
from celery.apps.worker import Worker
from celery.signals import task_postrun, task_prerun
from django.db import close_old_connections, connections

# Seconds; then it is replaced, so that no server process grows for ever.
LONGEST = 600


def keep(sender: object, **_of_signal: object) -> None:
    """Keep connections from task to task; a receiver of `worker_init`. Inside `serve`, which may have a pool, they end
    with the task."""
    if isinstance(sender, Worker):
        for connection in connections.all():
            # One dictionary for the connections of all threads and children.
            connection.settings_dict["CONN_MAX_AGE"] = LONGEST
    task_prerun.connect(_close_old)
    task_postrun.connect(_close_old)


def _close_old(sender: Task[Any, Any], **_of_signal: object) -> None:
    if not sender.request.is_eager:
        close_old_connections()
