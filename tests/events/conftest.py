"""Fixtures of the bus: subscribers of their own, and an eye on the hints that leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish
from django.contrib.auth.models import Permission

from events.accounts import User
from events.dispatch import subscribers
from events.dispatch.subscribers import Subscription
from events.log import publish
from events.models import Event, Subscriber
from events.transport import hints


@pytest.fixture
def registry(monkeypatch) -> dict[str, Subscription]:
    """No subscriber but those of the test."""
    own: dict[str, Subscription] = {}
    monkeypatch.setattr(subscribers, "_registry", own)
    return own


class Reader:
    """A durable subscriber that keeps what it got, and fails on the events it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.batches: list[list[int]] = []
        self.tried: list[list[int]] = []
        self.fails: Callable[[list[Event]], BaseException | None] = lambda batch: None

    def __call__(self, batch: list[Event]) -> None:
        self.tried.append([event.pk for event in batch])
        if error := self.fails(batch):
            raise error
        self.batches.append([event.pk for event in batch])

    @property
    def seen(self) -> list[int]:
        return [pk for batch in self.batches for pk in batch]

    @property
    def row(self) -> Subscriber:
        return Subscriber.objects.get(name=self.name)

    def fail_on(self, *bad: Event, error: BaseException | None = None) -> None:
        keys = {event.pk for event in bad}
        failure = error or ValueError("cannot digest this")
        self.fails = lambda batch: failure if keys & {event.pk for event in batch} else None


@pytest.fixture
def reader(db, registry) -> Callable[..., Reader]:
    """Enrol a reader; from the beginning of the log unless told otherwise."""

    def enrol(name: str = "reader", *patterns: str, transactional: bool = True, **more: Any) -> Reader:
        made = Reader(name)
        subscribers.subscriber(name, *patterns, transactional=transactional, **({"start": 0} | more))(made)
        subscribers.enroll()
        return made

    return enrol


@pytest.fixture
def publisher(owner: User) -> User:
    """Person who may publish over HTTP."""
    owner.user_permissions.add(Permission.objects.get(codename="publish_event"))
    return owner


@pytest.fixture
def sent() -> Iterator[list[tuple[str, ...]]]:
    """The hints that left for the broker, each a task and its arguments."""
    left: list[tuple[str, ...]] = []

    def note(sender: str, body: tuple[tuple[str, ...], object, object], **_more: object) -> None:
        left.append((sender, *body[0]))

    hints.flush()
    hints.clear(publish.NUMBER_TASK)
    hints.clear(subscribers.CATCH_UP_TASK, "notifications")
    before_task_publish.connect(note, weak=False)
    yield left
    before_task_publish.disconnect(note)
