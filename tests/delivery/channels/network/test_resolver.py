"""A name is looked up in one place, and what was checked is what is connected to."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
from typing import Any, NoReturn

import pytest

from delivery.channels.network import resolver
from tests.delivery.factories import webhook_attempts
from tests.delivery.factories.webhook_attempts import names
from tests.delivery.fakes.http_receiver import Receiver, receiving
from tests.own_settings import own


def url_of(receiver: Receiver, host: str) -> str:
    return receiver.url.replace("127.0.0.1", host) + "/hook"


def test_the_name_stays_in_the_request_and_the_checked_address_is_connected_to(receiver, monkeypatch):
    names(monkeypatch, {"hooks.example.com": ["127.0.0.1"]})
    outcome = webhook_attempts.post(url_of(receiver, "hooks.example.com"))
    assert (outcome.state, outcome.connected_to) == ("sent", "127.0.0.1")
    assert receiver.last.headers["host"] == f"hooks.example.com:{receiver.port}"


@pytest.mark.parametrize("mix", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["127.0.0.1", "fd00::1"]])
def test_one_forbidden_address_among_several_forbids_the_name(receiver, monkeypatch, mix):
    names(monkeypatch, {"hooks.example.com": mix})
    outcome = webhook_attempts.post(url_of(receiver, "hooks.example.com"))
    assert (outcome.state, outcome.reason, outcome.whose) == ("retry", "blocked_address", "theirs")
    assert receiver.connections == 0


def test_a_name_that_changes_after_it_was_saved_is_refused_when_it_is_used(receiver, settings, monkeypatch):
    answers = {"hooks.example.com": ["93.184.215.14"]}
    names(monkeypatch, answers)
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[])
    to = webhook_attempts.outgoing(webhook_attempts.address(url_of(receiver, "hooks.example.com")))
    answers["hooks.example.com"] = ["127.0.0.1"]
    assert webhook_attempts.send(to)[0].reason == "blocked_address"
    assert receiver.connections == 0


def test_nobody_asks_again_between_the_check_and_the_connection(receiver, monkeypatch):
    """Rebinding: the second answer would lead inside, and is never asked for."""
    turns = iter([["127.0.0.1"], ["10.0.0.1"]])
    monkeypatch.setattr(resolver, "lookup", lambda host: next(turns))
    assert webhook_attempts.post(url_of(receiver, "hooks.example.com")).state == "sent"
    assert next(turns) == ["10.0.0.1"]


def test_an_address_in_the_url_goes_through_the_same_check(receiver, settings):
    """Also where it never was checked: a row that another program wrote."""
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[])
    outcome = webhook_attempts.post(receiver.url)
    assert (outcome.state, outcome.reason) == ("retry", "blocked_address")
    assert receiver.connections == 0


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://u:p@127.0.0.1/", "file:///etc/passwd"])
def test_a_stored_url_that_could_not_be_saved_is_dead_at_once(url):
    outcome = webhook_attempts.post(url)
    assert (outcome.state, outcome.reason) == ("dead", "invalid_url")


@pytest.mark.usefixtures("_intranet")
def test_over_ipv6_too():
    with receiving(host="::1") as receiver:
        assert webhook_attempts.post(receiver.url).connected_to == "::1"


def failing(monkeypatch, code: int, *, of_others: int | None) -> None:
    """The lookup fails so; that of a name that is always there fails as well, or not at all."""

    def getaddrinfo(name: str, port: None, **_more: int) -> list[tuple[Any, ...]]:
        if name != resolver.ALWAYS_THERE:
            raise socket.gaierror(code, "as told")
        if of_others is not None:
            raise socket.gaierror(of_others, "as told")
        return []

    monkeypatch.setattr("delivery.channels.network.resolver.socket.getaddrinfo", getaddrinfo)


@pytest.mark.parametrize(
    ("code", "of_others", "expected"),
    [
        (socket.EAI_NONAME, None, ("dns", "theirs")),
        (socket.EAI_NODATA, None, ("dns", "theirs")),
        (socket.EAI_FAIL, None, ("dns", "theirs")),
        (socket.EAI_AGAIN, None, ("dns", "theirs")),
        # Where the internet's names are unknown, that is an answer too.
        (socket.EAI_AGAIN, socket.EAI_NONAME, ("dns", "theirs")),
        (socket.EAI_AGAIN, socket.EAI_AGAIN, ("our_dns", "ours")),
        (socket.EAI_SYSTEM, None, ("our_dns", "ours")),
        (socket.EAI_MEMORY, None, ("our_dns", "ours")),
    ],
)
def test_whose_failure_a_failed_lookup_is(monkeypatch, code, of_others, expected):
    to = webhook_attempts.outgoing(webhook_attempts.address("https://hooks.example.com/"))
    failing(monkeypatch, code, of_others=of_others)
    outcome = webhook_attempts.send(to)[0]
    assert (outcome.state, (outcome.reason, outcome.whose)) == ("retry", expected)


@pytest.mark.parametrize(("allowed", "asked"), [([], "hooks.example.com."), (["10.0.0.0/8"], "hooks.example.com")])
def test_search_domains_are_for_intranets_only(settings, monkeypatch, allowed, asked):
    own(settings, WEBHOOK_ALLOWED_NETWORKS=[ipaddress.ip_network(one) for one in allowed])
    seen = []

    def getaddrinfo(name: str, port: None, **_more: int) -> list[tuple[Any, ...]]:
        seen.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 0))] * 2

    monkeypatch.setattr("delivery.channels.network.resolver.socket.getaddrinfo", getaddrinfo)
    assert resolver.lookup("hooks.example.com") == ["93.184.215.14"]
    assert seen == [asked]


def test_lookups_that_hang_are_bounded_and_ours(monkeypatch):
    monkeypatch.setattr(resolver, "_free", threading.BoundedSemaphore(1))
    released = threading.Event()
    monkeypatch.setattr(resolver, "lookup", lambda host: [str(released.wait(5))])
    first = resolver.looking_up("slow.example.com")
    with pytest.raises(resolver.ResolverError):
        resolver.looking_up("next.example.com").result(1)
    released.set()
    assert first.result(5) == ["True"]


def test_no_free_socket_is_our_own_failure(receiver, monkeypatch):
    def exhausted(*_args: object, **_more: object) -> NoReturn:
        raise OSError(errno.EMFILE, "Too many open files")

    to = webhook_attempts.outgoing(webhook_attempts.address(receiver.url))
    monkeypatch.setattr(resolver, "vet", exhausted)
    outcome = webhook_attempts.send(to)[0]
    assert (outcome.reason, outcome.whose) == ("our_network", "ours")
