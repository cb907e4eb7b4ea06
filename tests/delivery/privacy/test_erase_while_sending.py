"""Erasing a person while a sender is at work: nothing of them is written back, and others get theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from delivery.channels import Frozen, Outcome
from delivery.models import Address, Attempt, Delivery
from delivery.privacy import erase, person
from delivery.privacy.tables import OWNED
from delivery.sender import drain
from events.models import Event
from tests.conftest import person as somebody
from tests.delivery.factories.deliveries import address, delivery
from tests.delivery.factories.retention import event, row
from tests.events.concurrency import Running, until

pytestmark = pytest.mark.usefixtures("committed", "marked")
GONE = Outcome("dead", "gone", disables=True)


def erased(user: Any, report: Callable[[str], object] = lambda _step: None) -> None:
    found = person.find(user.get_username())
    assert found is not None
    erase.erase(found, archive_dir=None, report=report)


def in_flight(fake: Any, to: Address, **fields: Any) -> tuple[Delivery, Callable[[], None], Running]:
    """A delivery that a drain sends until it is released."""
    made = delivery(to, due_at=timezone.now(), **fields)
    release = fake.hang(to)
    running = Running(drain.drain)
    until(lambda: made.pk in fake.begun)
    return made, release, running


@pytest.mark.parametrize("answer", [Outcome("sent"), Outcome("retry", "http_5xx", excerpt="Ada"), GONE])
def test_what_is_in_flight_to_them_leaves_nothing(fake, answer):
    ada, other = somebody("ada"), address(somebody("other"))
    number, box = ada.pk, address(ada, target="Ada@example.com")
    fake.answers[box.pk] = [answer]
    _made, release, running = in_flight(fake, box)
    erased(ada)
    theirs = delivery(other, due_at=timezone.now())
    release()
    running.join()
    assert not any(table.model._default_manager.filter(**{table.lookup: number}).exists() for table in OWNED)
    assert not get_user_model()._default_manager.filter(pk=number).exists()
    assert list(Attempt.objects.values_list("delivery_id", "outcome")) == [(theirs.pk, "sent")]
    assert not Event.objects.filter(source_entity_type="address").exists()


def test_an_alert_of_an_address_that_dies_meanwhile_keeps_no_address(fake):
    ada = somebody("ada")
    box = address(ada, target="Ada@example.com")
    fake.answers[box.pk] = [GONE]
    _made, release, running = in_flight(fake, box, of=row(ada, of=event(actor_user=ada), channel="fake"))

    def settle_after_the_events(step: str) -> None:
        if step == "1 events changed":
            release()
            running.join()

    erased(ada, settle_after_the_events)
    assert Event.objects.get(source_entity_type="address").payload["target"] == "[erased]"


def test_an_answer_to_others_that_comes_after_they_went_is_not_kept(fake):
    ada, box = somebody("ada"), address(somebody("other"))
    fake.answers[box.pk] = [Outcome("retry", "http_5xx", excerpt="refused: by Ada")]
    theirs = row(box.person, of=event(actor_user=ada, payload={"by": "Ada"}), channel="fake")
    made, release, running = in_flight(fake, box, of=theirs)
    erased(ada)
    release()
    running.join()
    made.refresh_from_db()
    assert (made.state, made.body) == ("pending", None)
    assert made.attempts.get().excerpt == ""


@pytest.mark.service
def test_a_claim_that_has_read_the_name_does_not_write_it_back(fake, monkeypatch):
    """SQLite has one writer: there nothing is claimed while events are rewritten."""
    ada, box = somebody("ada"), address(somebody("other"))
    theirs = row(box.person, of=event(actor_user=ada, payload={"by": "Ada"}), channel="fake")
    accounts, number, erasing = get_user_model()._default_manager, ada.pk, list[Running]()

    def freeze(_outgoing: Any) -> Frozen:
        """Bytes with the name, once the erasing waits for this claim, or is through."""
        erasing.append(Running(lambda: erased(ada)))
        until(lambda: _is_waited_for() or not accounts.filter(pk=number).exists())
        return Frozen(b"by Ada", "text/plain")

    monkeypatch.setattr(fake, "freeze", freeze)
    made, release, running = in_flight(fake, box, of=theirs)
    erasing[0].join()
    assert Delivery.objects.get(pk=made.pk).body is None
    release()
    running.join()


def _is_waited_for() -> bool:
    """True if another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
