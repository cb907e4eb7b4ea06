"""Tasks that hints wake. Each clears its hint before it looks, so that a later commit sends a new one."""

from celery import shared_task

from events.db import clock
from events.dispatch import pump, runner, subscribers
from events.log import publish
from events.transport import hints


@shared_task(name=publish.NUMBER_TASK)
def number() -> None:
    hints.clear(publish.NUMBER_TASK)
    pump.run(now=clock.now())


@shared_task(name=subscribers.CATCH_UP_TASK)
def catch_up(name: str) -> None:
    hints.clear(subscribers.CATCH_UP_TASK, name)
    runner.catch_up(name, now=clock.now())
