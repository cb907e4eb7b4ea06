"""How a mail is spelled: what old servers and strict programs can read, whatever letters are in it."""

from __future__ import annotations

import re
from email import message_from_bytes

import pytest

from config import environment
from tests.delivery.factories.emails import event, kind, outgoing, part, read, send, sending_to, states
from tests.delivery.fakes.smtp_server import Server

RUSSIAN = {"name": "Сцена 7", "error": "Недостаточно памяти"}
ENCODED = re.compile(r"=\?[^?]+\?[bq]\?[^?]*\?=", re.IGNORECASE)


@pytest.fixture
def server(monkeypatch):
    with Server().running() as started, sending_to(started, monkeypatch):
        yield started


def raw(made, name: str) -> str:
    """A header as its bytes say it."""
    return str(message_from_bytes(bytes(made.delivery.body or b""))[name])


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("A job failed", "A job failed <job.failed.localhost>"),
        ("Ends, or fails.", '"Ends, or fails." <job.failed.localhost>'),
        ("", "<job.failed.localhost>"),
        ("<>", "<job.failed.localhost>"),
    ],
)
def test_a_list_id_has_its_words_before_its_name(words, shown):
    made = outgoing(event(kind(description=words or "<>")))
    assert raw(made, "List-Id") == shown


@pytest.mark.parametrize("words", ["Задание не удалось", "Ü" * 200, "作業" * 60])
def test_a_list_id_s_name_stands_outside_the_encoded_words(words):
    made = outgoing(event(kind(description=words)))
    encoded, _, name = raw(made, "List-Id").rpartition(" ")
    assert name == "<job.failed.localhost>"
    assert all(ENCODED.fullmatch(word) and len(word) <= 75 for word in encoded.split(" "))
    assert str(read(made)["List-Id"]) == f"{words[:80]} <job.failed.localhost>"


def test_a_sender_s_domain_in_other_letters_is_spelled_as_servers_know_it(settings, server, monkeypatch):
    monkeypatch.setenv("SMTP_FROM", "Büro <carillon@bücher.example>")
    settings.DEFAULT_FROM_EMAIL = environment.mailbox("SMTP_FROM", default="")
    made = outgoing(event())
    assert states(send(made)) == [("sent", "")]
    assert server.received[0].sender == "carillon@xn--bcher-kva.example"
    assert read(made)["From"] == "Büro <carillon@xn--bcher-kva.example>"
    assert raw(made, "Message-ID").endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize("offers_8bit", [True, False])
def test_eight_bits_go_only_where_they_are_taken(server, offers_8bit):
    server.offers_8bit = offers_8bit
    made = outgoing(event(payload=RUSSIAN))
    assert states(send(made)) == [("sent", "")]
    [received] = server.received
    assert (received.body == made.delivery.body, received.body.isascii()) == (offers_8bit, not offers_8bit)
    assert received.message["Subject"] == "[job.failed] Сцена 7 failed"
    for name in ("plain", "html"):
        assert received.part(name).replace("\r\n", "\n") == part(made, name).replace("\r\n", "\n")


def test_what_is_ascii_goes_as_it_is_everywhere(server):
    server.offers_8bit = False
    made = outgoing()
    body = bytes(made.delivery.body or b"")
    send(made)
    assert body.isascii() is (server.received[0].body == body)


@pytest.mark.parametrize("name", ["plain", "html"])
def test_control_characters_are_taken_out(name):
    said = "a\x00b\x1b[31mc\x07\x9b\x7fd\ud800e\r\nf\rg\th"
    shown = part(outgoing(event(payload={"name": said, "error": said})), name).replace("\r\n", "\n")
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", shown)
    assert "ab[31mcde\nf\ng\th" in shown


def test_control_characters_are_taken_out_of_the_subject():
    subject = str(read(outgoing(event(payload={"name": "a\x00b\x1bc\ud800d", "error": ""})))["Subject"])
    assert subject.isprintable()
