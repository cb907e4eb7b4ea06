"""Fixtures of the top floor: channels of their own, beside those that are shipped."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest

from tests.delivery.fakes.channel import FakeChannel, installed
from tests.delivery.fakes.http_receiver import Receiver, receiving
from tests.own_settings import own


@pytest.fixture
def fake() -> Iterator[FakeChannel]:
    """A channel that takes everything unless told otherwise."""
    channel = FakeChannel()
    with installed(channel):
        yield channel


@pytest.fixture
def _intranet(settings) -> None:
    """Webhooks may go to this machine."""
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")])


@pytest.fixture
def receiver(_intranet) -> Iterator[Receiver]:
    """Receiver of webhooks on this machine."""
    with receiving() as started:
        yield started
