"""Carillon in a project's Celery application: `configure(app)`, in the module where the application is made.

It makes the application's workers do Carillon's work: its tasks, and in each worker the sweeper, which finds what no
task announced.
"""

from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init

from events.checks import database
from events.worker import connections
from events.worker.run_step import RunStep
from events.worker.sweeper import SweeperStep

MODULES = ["events", "events.sources", "notifications", "delivery", "delivery.retention"]


def configure(app: "Celery[Any]") -> None:
    """Add Carillon's tasks and the parts of its workers. No query, and nothing of the settings is read."""
    app.autodiscover_tasks(MODULES)
    worker_init.connect(database.end_if_older)
    beat_init.connect(database.end_if_older)
    worker_init.connect(connections.keep)
    app.steps["worker"].update((SweeperStep, RunStep))
