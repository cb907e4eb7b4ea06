"""Chats over TLS: trusted is whom the machine trusts, as for webhooks."""

from __future__ import annotations

import pytest
import requests
import trustme

from tests.delivery.factories.chat_messages import outgoing, send
from tests.delivery.fakes.http_receiver import receiving_as

TOKEN = "3ccdd113474722377935511fc85d3dd4"


@pytest.mark.usefixtures("_intranet")
def test_a_mattermost_of_the_house_is_trusted_as_the_machine_does(authority):
    with receiving_as("127.0.0.1", by=authority) as receiver:
        assert send(outgoing(f"mmosts://127.0.0.1:{receiver.port}/{TOKEN}")).state == "sent"
        assert receiver.last.path == f"/hooks/{TOKEN}"


@pytest.mark.usefixtures("_intranet", "authority")
def test_an_unknown_authority_is_sent_nothing():
    with receiving_as("127.0.0.1", by=trustme.CA()) as receiver:
        assert send(outgoing(f"mmosts://127.0.0.1:{receiver.port}/{TOKEN}")).reason == "tls"
        assert receiver.requests == []


@pytest.mark.usefixtures("_intranet", "authority")
def test_an_authority_that_only_requests_brings_along_is_not_trusted(monkeypatch, tmp_path):
    other = trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "other.pem"))
    with receiving_as("127.0.0.1", by=other) as receiver:
        assert send(outgoing(f"mmosts://127.0.0.1:{receiver.port}/{TOKEN}")).reason == "tls"


@pytest.mark.usefixtures("_intranet")
def test_the_name_in_the_certificate_has_to_be_the_one_that_was_asked(authority):
    with receiving_as("other.example.com", by=authority) as receiver:
        assert send(outgoing(f"mmosts://127.0.0.1:{receiver.port}/{TOKEN}")).reason == "tls"
        assert receiver.requests == []
