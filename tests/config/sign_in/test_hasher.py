"""Passwords are hashed by turns, wherever that happens; who can't have one soon is told to come back."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher, check_password, identify_hasher, make_password
from django.test import Client

from config import settings as site
from config.sign_in import hasher
from config.sign_in.hasher import HashTurns, TurnTakingHasher
from config.try_later import TryLaterError
from tests.conftest import PASSWORD
from tests.events.concurrency import Running, until


class SlowHashes:
    """Hashes that end when told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = self.most = 0
        self._counting = threading.Lock()
        self._may_end = threading.Event()
        hashed = PBKDF2PasswordHasher.encode

        def encode(own: PBKDF2PasswordHasher, *arguments: Any) -> str:
            with self._counting:
                self.now += 1
                self.most = max(self.most, self.now)
            self._may_end.wait(60)
            with self._counting:
                self.now -= 1
            return hashed(own, *arguments)

        monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)

    def end(self) -> None:
        self._may_end.set()


@pytest.fixture(autouse=True)
def _turns_of_the_site(settings, monkeypatch) -> None:
    settings.PASSWORD_HASHERS = site.PASSWORD_HASHERS
    monkeypatch.setattr(TurnTakingHasher, "iterations", 1)


@pytest.fixture
def hashes(monkeypatch) -> Iterator[SlowHashes]:
    slow = SlowHashes(monkeypatch)
    yield slow
    slow.end()


@pytest.fixture
def taken(monkeypatch) -> Iterator[None]:
    """Nobody waits, and the one turn is somebody else's."""
    one = HashTurns(at_once=1, most_waiting=0, wait_seconds=0)
    monkeypatch.setattr(hasher, "turns", one)
    with one.turn():
        yield


def test_only_two_hash_at_once_and_the_others_follow(hashes):
    threads = [Running(lambda: make_password("secret")) for _ in range(hasher.AT_ONCE + hasher.MOST_WAITING)]
    until(lambda: hashes.now == hasher.AT_ONCE)
    hashes.end()
    assert all(check_password("secret", thread.join()) for thread in threads)
    assert hashes.most == hasher.AT_ONCE


def test_hashing_stands_back_behind_the_rest_of_the_process_where_threads_can(monkeypatch):
    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", lambda *_: str(os.getpriority(os.PRIO_PROCESS, 0)))
    here = os.getpriority(os.PRIO_PROCESS, 0)
    behind = min(19, here + hasher.NICENESS) if sys.platform == "linux" else here
    assert int(TurnTakingHasher().encode("secret", "salt")) == behind
    assert os.getpriority(os.PRIO_PROCESS, 0) == here


def test_one_more_than_may_wait_is_refused_and_leaves_room(hashes, monkeypatch):
    monkeypatch.setattr(hasher, "turns", HashTurns(at_once=1, most_waiting=1))
    threads = [Running(lambda: make_password("secret"))]
    until(lambda: hashes.now == 1)
    threads.append(Running(lambda: make_password("secret")))
    until(lambda: not hasher.turns._room._value)
    with pytest.raises(TryLaterError):
        make_password("secret")
    hashes.end()
    assert all(thread.join() for thread in threads)
    assert make_password("secret")


def test_who_waits_too_long_is_refused(hashes, monkeypatch):
    monkeypatch.setattr(hasher, "turns", HashTurns(at_once=1, most_waiting=1, wait_seconds=0.01))
    first = Running(lambda: make_password("secret"))
    until(lambda: hashes.now == 1)
    with pytest.raises(TryLaterError):
        make_password("secret")
    hashes.end()
    assert first.join()


def test_passwords_that_django_hashed_hold():
    before = PBKDF2PasswordHasher().encode("secret", "salt", 1)
    assert check_password("secret", before)
    assert isinstance(identify_hasher(before), TurnTakingHasher)


@pytest.mark.parametrize("name", ["owner", "nobody"])
@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_signing_in_takes_a_turn(client, owner, name, path, request):
    owner.set_password(PASSWORD)
    owner.save()
    request.getfixturevalue("taken")
    assert_refused(client, path, username=name, password=PASSWORD)


def test_a_new_password_takes_a_turn(as_admin, taken):
    assert_refused(as_admin, "/password/", old_password=PASSWORD)


def test_a_new_account_takes_a_turn(as_admin, taken):
    new = "a-long-one-indeed"
    assert_refused(
        as_admin, "/admin/auth/user/add/", username="new", password1=new, password2=new, usable_password="true"
    )


@pytest.fixture
def as_admin(client, admin):
    client.force_login(admin)
    return client


def assert_refused(client: Client, path: str, **form: str) -> None:
    answer = client.post(path, form)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "2")
    assert b"Too many people are signing in" in answer.content
