"""A mail server that is away: what waits for it leaves no attempts, and is sent when it is back."""

from __future__ import annotations

import socket

import pytest

from delivery import channels
from delivery.models import Attempt, Delivery, Server
from tests.conftest import person
from tests.delivery.factories.deliveries import address, after, delivery
from tests.delivery.factories.emails import sending_to
from tests.delivery.fakes import smtp_server
from tests.delivery.manual_sender import deliver

pytestmark = pytest.mark.django_db


def test_all_is_sent_at_its_return_and_only_what_was_sent_has_an_attempt(monkeypatch):
    email = channels.named("email")
    for number in range(4):
        to = person(f"p{number}")
        delivery(address(to, kind="email", target=to.email))
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with sending_to(port, monkeypatch):
        for seconds in (0, 2, 5):
            deliver(email, now=after(seconds))
    assert (Attempt.objects.count(), Server.objects.get().name) == (0, "smtp")
    with smtp_server.Server().running() as running, sending_to(running, monkeypatch):
        assert [len(deliver(email, now=after(9))) for _ in range(2)] == [1, 3]
    assert set(Delivery.objects.values_list("state", "tries")) == {("sent", 1)}
    assert Attempt.objects.count() == 4
