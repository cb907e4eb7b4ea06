"""Base of our Celery tasks: their messages are settled on queues that want it, and let go on those that don't."""

from collections.abc import Mapping
from typing import Any

from celery import Celery, Task
from celery.worker.request import Request


def is_unacknowledged(app: Celery[Any], delivery_info: Mapping[str, Any]) -> bool:
    """True if the message came from a queue that keeps none it has handed out."""
    queue = app.amqp.queues.get(delivery_info.get("routing_key") or "")
    return queue is not None and bool(queue.no_ack)


class QueueRequest(Request):
    """Celery's own, except where the queue gives messages away (`no_ack`), as this installation's own does.

    There is nothing to settle then. Celery would still try, and its worker ends with an AttributeError if Redis has
    gone away meanwhile: kombu then looks for the connection of a channel that has none any more.
    """

    def acknowledge(self) -> None:
        if is_unacknowledged(self.task.app, self.delivery_info):
            self.acknowledged = True
        else:
            super().acknowledge()

    def reject(self, requeue: bool = False) -> None:
        if is_unacknowledged(self.task.app, self.delivery_info):
            self.acknowledged = True
        else:
            super().reject(requeue=requeue)


class QueueTask(Task[Any, Any]):
    abstract = True
    Request = "events.transport.celery_task:QueueRequest"
