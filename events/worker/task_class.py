"""Tasks that nobody acknowledges. A hint that a worker took with it to its end is found by the sweepers."""

from typing import Any

from celery import Task
from celery.worker.request import Request


class HintRequest(Request):
    """The queue gives messages away (`no_ack`), so there is nothing to settle.

    Celery would still try, and its worker ends with an AttributeError if Redis has gone away meanwhile: kombu then
    looks for the connection of a channel that has none any more.
    """

    def acknowledge(self) -> None:
        self.acknowledged = True

    def reject(self, requeue: bool = False) -> None:
        self.acknowledged = True


class HintTask(Task[Any, Any]):
    abstract = True
    Request = "events.worker.task_class:HintRequest"
