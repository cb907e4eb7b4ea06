"""A request's turn counts for the person or key that its credential was answered for before, else for its address."""

from __future__ import annotations

from typing import Any

import pytest

from config.server import callers
from config.server.callers import ANSWERED_FOR, REMEMBERED_SECONDS, Callers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def scope(session: str = "", *, key: str = "", address: str = "203.0.113.7") -> dict[str, Any]:
    headers = [(b"cookie", f"sessionid={session}".encode())] if session else []
    headers += [(b"authorization", f"Bearer {key}".encode())] if key else []
    return {"type": "http", "path": "/", "client": [address, 50_000], "headers": headers}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(clock) -> Callers:
    return Callers(clock)


def answered(known: Callers, caller: str, **credentials: str) -> None:
    known.remember(scope(**credentials) | {ANSWERED_FOR: caller})


def test_who_shows_nothing_counts_by_address(known):
    assert known.of(scope()) == "address:203.0.113.7"


def test_made_up_cookies_and_keys_count_by_address(known):
    asked = [scope(f"made-up-{number}") for number in range(9)] + [scope(key="crl_made-up")]
    assert {known.of(each) for each in asked} == {"address:203.0.113.7"}


def test_all_addresses_of_one_ipv6_network_are_one(known):
    found = {known.of(scope(address=f"2001:db8:0:1::{number}")) for number in range(9)}
    assert found == {"address:2001:db8:0:1::/64"}
    assert known.of(scope(address="::ffff:203.0.113.7")) == known.of(scope())


@pytest.mark.parametrize("client", [None, ["", 0]])
def test_who_comes_over_a_unix_socket_has_no_address(known, client):
    assert known.of(scope() | {"client": client}) == "address:"


def test_several_sessions_of_one_person_count_for_the_person(known):
    answered(known, "user:7", session="at-home")
    answered(known, "user:7", session="at-work")
    assert {known.of(scope(session, address="198.51.100.1")) for session in ("at-home", "at-work")} == {"user:7"}


def test_a_key_counts_for_itself(known):
    answered(known, "user:7", session="text")
    answered(known, "key:3", key="text")
    assert (known.of(scope(key="text")), known.of(scope("text"))) == ("key:3", "user:7")


def test_what_was_not_answered_for_lately_counts_by_address_again(known, clock):
    answered(known, "user:7", session="old")
    clock.now = REMEMBERED_SECONDS
    assert known.of(scope("old")) == "address:203.0.113.7"


def test_only_the_newest_are_remembered(known, monkeypatch):
    monkeypatch.setattr(callers, "MOST_REMEMBERED", 2)
    for session in ("first", "second", "first", "third"):
        answered(known, "user:7", session=session)
    assert [known.of(scope(session)) for session in ("first", "second", "third")] == [
        "user:7",
        "address:203.0.113.7",
        "user:7",
    ]
