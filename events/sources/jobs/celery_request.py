"""Settling of job messages, on queues that want an acknowledgement and on those that don't."""

from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.worker.request import Request


def is_unacknowledged(app: Celery[Any], delivery_info: Mapping[str, Any]) -> bool:
    """True if the message came from a queue that keeps none it has handed out."""
    queue = app.amqp.queues.get(delivery_info.get("routing_key") or "")
    return queue is not None and bool(queue.no_ack)


class JobRequest(Request):
    """Celery's own, except where the queue gives messages away (`no_ack`), as this installation's own does.

    There is nothing to settle then, and trying fails when Redis has gone away meanwhile.
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
