"""Chat services in place of the real ones: requests for any of them go to a receiver on this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from tests.delivery.fakes.http_receiver import Receiver


def chat_services(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Send all requests of plugins to the receiver; the path begins with the host that was asked."""
    to_host = requests.Session.request

    def to_receiver(self: requests.Session, method: str, url: str, **options: object) -> requests.Response:
        asked = urlsplit(url)
        return to_host(self, method, f"{receiver.url}/{asked.hostname}{asked.path}", **options)  # type: ignore[arg-type]

    monkeypatch.setattr(requests.Session, "request", to_receiver)
