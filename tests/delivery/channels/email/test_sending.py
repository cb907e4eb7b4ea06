"""Mails on their way to a real mail server: what its answers mean, and what becomes of the connection."""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any

import pytest
import trustme
from django.core.mail import get_connection

from delivery.channels import Outcome
from delivery.channels.email.channel import Session
from tests.delivery.factories import emails
from tests.delivery.factories.emails import outgoing, send, sending_to, states
from tests.delivery.fakes.smtp_server import Server, accepting


def test_the_server_gets_the_very_bytes_that_were_frozen(server):
    made = outgoing(emails.event())
    assert states(send(made)) == [("sent", "")]
    [received] = server.received
    assert (received.recipient, received.body) == ("alice@example.com", made.delivery.body)


def test_the_outcome_says_what_the_server_said_and_where_it_is(server):
    [outcome] = send(outgoing())
    assert (outcome.http_status, outcome.connected_to) == (250, f"127.0.0.1:{server.port}")


def test_one_connection_carries_them_all(server):
    send(*[outgoing() for _ in range(5)])
    assert (len(server.received), server.connections) == (5, 1)


def test_mails_at_once_have_a_connection_each(server):
    server.delay = 0.02

    async def run() -> None:
        session = Session(deadline=5)
        try:
            await asyncio.gather(*[session.send(outgoing(to=f"p@d{number}.example")) for number in range(3)])
        finally:
            await session.close()

    asyncio.run(run())
    assert (len(server.received), server.connections) == (3, 3)


def test_a_server_that_hung_up_meanwhile_is_connected_to_again(server):
    async def run() -> list[Outcome]:
        session = Session(deadline=5)
        try:
            first = await session.send(outgoing())
            server.hang_up()
            while server._connections:
                await asyncio.sleep(0.001)
            return [first, await session.send(outgoing())]
        finally:
            await session.close()

    assert states(asyncio.run(run())) == [("sent", ""), ("sent", "")]
    assert server.connections == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 5.1.1 No such user", ("dead", "recipient_refused", 550)),
        ("553 5.1.3 Bad address", ("dead", "recipient_refused", 553)),
        ("450 4.2.0 Greylisted, try later", ("retry", "recipient_put_off", 450)),
        ("452 4.2.2 Mailbox full", ("retry", "recipient_put_off", 452)),
    ],
)
def test_a_refused_recipient_is_final_and_one_put_off_is_tried_again(server, answer, expected):
    server.refused["alice@example.com"] = answer
    [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.http_status) == expected
    assert outcome.whose == "theirs"
    assert answer[4:] in outcome.excerpt


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("DATA", "554 5.7.1 Looks like spam", ("retry", "mail_not_permitted", "ours")),
        ("DATA", "554 No", ("retry", "mail_put_off", "unknown")),
        ("DATA", "552 Too long", ("dead", "mail_refused", "unknown")),
        ("DATA", "451 4.3.0 Disk full", ("retry", "mail_server_busy", "ours")),
        ("MAIL", "550 5.1.8 Sender unknown", ("retry", "sender_refused", "ours")),
        ("MAIL", "451 4.3.2 Busy", ("retry", "mail_server_busy", "ours")),
        ("MAIL", "530 5.7.0 Authentication required", ("retry", "mail_login", "ours")),
        ("MAIL", "421 4.3.2 Shutting down", ("retry", "mail_server_busy", "ours")),
        ("DATA", "421 4.3.2 Shutting down", ("retry", "mail_server_busy", "ours")),
    ],
)
def test_what_is_wrong_with_us_counts_against_nobody(server, command, answer, expected):
    server.answers[command] = answer
    [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose) == expected


def test_a_refusal_leaves_the_connection_good_for_the_next(server):
    server.refused["gone@example.com"] = "550 No such user"
    outcomes = send(outgoing(to="gone@example.com"), outgoing(), outgoing(to="gone@example.com"), outgoing())
    assert [one.state for one in outcomes] == ["dead", "sent", "dead", "sent"]
    assert server.connections == 1


def test_a_lost_answer_is_tried_again_under_the_same_id(server):
    server.lost_answers = 1
    made = outgoing()
    assert states(send(made, made)) == [("retry", "answer_lost"), ("sent", "")]
    first, second = (one.message["Message-ID"] for one in server.received)
    assert first == second


def test_a_server_that_dawdles_is_left_when_the_time_is_up(server):
    server.delay = 3
    assert states(send(outgoing(), deadline=1)) == [("retry", "answer_lost")]


def test_after_running_out_of_time_the_next_one_has_a_new_connection(server):
    async def run() -> list[Outcome]:
        session = Session(deadline=0.15)
        try:
            server.delay = 3
            first = await session.send(outgoing())
            server.delay = 0
            return [first, await session.send(outgoing())]
        finally:
            await session.close()

    assert states(asyncio.run(run())) == [("retry", "answer_lost"), ("sent", "")]


def test_a_server_that_never_greets_costs_no_more_than_the_deadline(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent, sending_to(silent.getsockname()[1], monkeypatch):
        [outcome] = send(outgoing(), deadline=0.1)
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "mail_server_slow", "ours")


def test_no_server_is_our_own_failure(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with sending_to(port, monkeypatch):
        [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "mail_server_unreachable", "ours")


@pytest.mark.filterwarnings("ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize(
    ("password", "expected"), [("right", ("sent", "", "theirs")), ("wrong", ("retry", "mail_login", "ours"))]
)
def test_it_signs_in_and_a_wrong_password_is_ours(monkeypatch, password, expected):
    login = {"username": "carillon", "password": password}
    with Server().running(**accepting("carillon", "right")) as strict, sending_to(strict, monkeypatch, **login):
        [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose) == expected


def test_tls_is_never_given_up(server, monkeypatch):
    """This server has none: a password, or a mail, would go in plain text."""
    with sending_to(server, monkeypatch, use_tls=True):
        [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "mail_tls", "ours")
    assert server.received == []


@pytest.fixture
def authority(tmp_path, monkeypatch) -> trustme.CA:
    """The one that this machine trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


def certified(name: str, *, by: trustme.CA, way: str) -> dict[str, Any]:
    """Options of a server with a certificate for this name: from the first byte on, or after STARTTLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    by.issue_cert(name).configure_cert(context)
    return {"tls": context} if way == "use_ssl" else {"tls_context": context, "require_starttls": True}


@pytest.mark.parametrize("way", ["use_ssl", "use_tls"])
def test_over_tls_mails_arrive(authority, monkeypatch, way):
    server = Server()
    with (
        server.running(**certified("127.0.0.1", by=authority, way=way)),
        sending_to(server, monkeypatch, **{way: True}),
    ):
        assert states(send(outgoing(), outgoing())) == [("sent", "")] * 2
        assert len(server.received) == 2


@pytest.mark.parametrize("way", ["use_ssl", "use_tls"])
def test_a_certificate_for_another_name_gets_no_mail(authority, monkeypatch, way):
    server = Server()
    other = certified("mail.example.com", by=authority, way=way)
    with server.running(**other), sending_to(server, monkeypatch, **{way: True}):
        [outcome] = send(outgoing())
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "mail_tls", "ours")
    assert server.received == []


@pytest.mark.parametrize("target", ["no address", 'a\r\nBcc: b@example.com"@x.org', "root@[127.0.0.1]", '"a b"@x.org'])
def test_what_another_program_wrote_as_an_address_goes_nowhere(server, target):
    assert states(send(outgoing(to=target))) == [("dead", "invalid_email")]
    assert server.connections == 0


def test_a_domain_of_other_letters_is_sent_to_by_its_own_name(server):
    send(outgoing(to="jo@bücher.example"))
    assert server.recipients == ["jo@xn--bcher-kva.example"]


def test_without_a_mail_server_it_is_printed_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(
        "delivery.channels.email.smtp_connection.get_connection",
        lambda: get_connection("django.core.mail.backends.console.EmailBackend"),
    )
    assert states(send(outgoing(emails.event()))) == [("sent", "printed")]
    assert "Subject: [job.failed] Shot 039 failed" in capsys.readouterr().out


def test_any_other_backend_of_django_gets_it_too(mailoutbox):
    assert states(send(outgoing(emails.event()))) == [("sent", "")]
    [mail] = mailoutbox
    assert (mail.subject, mail.to) == ("[job.failed] Shot 039 failed", ["alice@example.com"])
