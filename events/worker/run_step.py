"""A worker's run, written down while it lasts."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from celery.apps.worker import Worker
from celery.bootsteps import StartStopStep
from django.utils.module_loading import import_string


class RunStep(StartStopStep):
    """Records the run of a `celery worker` process. The worker inside `serve` has none: that is recorded itself.

    After the pool, so that no child is forked from a process with its thread.
    """

    requires = ("celery.worker.components:Pool",)

    def include_if(self, parent: Any) -> bool:
        return isinstance(parent, Worker)

    def start(self, parent: Any) -> None:
        # By name: this module is loaded before the models may be.
        self._noted: AbstractContextManager[None] = import_string("events.sources.service_runs.recorded")("worker")
        self._noted.__enter__()

    def stop(self, parent: Any) -> None:
        self._noted.__exit__(None, None, None)
