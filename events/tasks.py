"""What hints wake. Each clears its hint before it looks, so that a later commit sends a new one."""

from __future__ import annotations

from celery import shared_task

from events import clock, hints, publish, sequence, subscribers


@shared_task(name=publish.NUMBER_TASK)
def number() -> None:
    hints.clear(publish.NUMBER_TASK)
    sequence.number_all()


@shared_task(name=subscribers.CATCH_UP_TASK)
def catch_up(name: str) -> None:
    hints.clear(subscribers.CATCH_UP_TASK, name)
    subscribers.catch_up(name, now=clock.now())
