from contextlib import AbstractContextManager
from typing import Any

from celery.apps.worker import Worker
from celery.bootsteps import StartStopStep
from django.utils.module_loading import import_string


class WorkerStep(StartStopStep):
    """A step of a `celery worker` process, not of the bare controller inside `serve`, which has parts of its own.

    After the pool, so that no child is forked from a process with the step's thread.
    """

    requires = ("celery.worker.components:Pool",)

    def include_if(self, parent: Any) -> bool:
        return isinstance(parent, Worker)


class RunStep(WorkerStep):
    def start(self, parent: Any) -> None:
        # By name: this module is loaded before the models may be.
        self._recorded: AbstractContextManager[None] = import_string("events.sources.service_runs.recorded")("worker")
        self._recorded.__enter__()

    def stop(self, parent: Any) -> None:
        self._recorded.__exit__(None, None, None)
