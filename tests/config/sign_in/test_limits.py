"""Who guesses at passwords is told to wait before any is hashed, and keeps nobody from an account of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client

from config.sign_in import limits
from events.conf import conf
from tests.accounts.factory import sign_in_name
from tests.conftest import PASSWORD
from tests.events.concurrency import at_once
from tests.own_settings import own

pytestmark = pytest.mark.django_db

ACCOUNT, ADDRESS = 3, 5
HOME, ELSEWHERE = "198.51.100.1", "203.0.113.7"
# A minute into a window.
NOW = 1_000_000_260.0
DOORS = pytest.mark.parametrize("door", ["/sign-in/", "/admin/login/"])


@pytest.fixture(autouse=True)
def _few(settings, monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(limits, "ACCOUNT_ATTEMPTS", ACCOUNT)
    monkeypatch.setattr(limits, "ADDRESS_ATTEMPTS", ADDRESS)
    monkeypatch.setattr(limits, "clock", lambda: NOW)
    own(settings, REDIS_PREFIX=f"{conf.REDIS_PREFIX}:sign-in-{id(settings)}")
    limits.reset()
    yield
    limits.reset()


@pytest.fixture
def hashed(monkeypatch) -> list[str]:
    """Passwords, as they are hashed."""
    done: list[str] = []
    hashed = MD5PasswordHasher.encode

    def encode(own: MD5PasswordHasher, password: str, salt: str) -> str:
        done.append(password)
        return hashed(own, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return done


def sign_in(name: str, password: str, *, door: str = "/sign-in/", address: str = ELSEWHERE) -> int:
    return Client(REMOTE_ADDR=address).post(door, {"username": name, "password": password}).status_code


def guesses(name: str, count: int = ACCOUNT, *, address: str = ELSEWHERE, door: str = "/sign-in/") -> list[int]:
    return [sign_in(name, f"guess-{number}", address=address, door=door) for number in range(count)]


@DOORS
@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_the_next_guess_at_an_account_is_refused_before_it_is_hashed(admin, hashed, name, door):
    assert guesses(name, ACCOUNT + 1, door=door) == [200] * ACCOUNT + [429]
    assert len(hashed) == ACCOUNT


@DOORS
def test_the_refusal_says_when_to_come_back(door):
    guesses("nobody")
    answer = Client(REMOTE_ADDR=ELSEWHERE).post(door, {"username": "nobody", "password": "x"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "240")
    assert b"Too many sign-in attempts. Try again in 4 minutes." in answer.content


def test_not_even_the_right_password_is_looked_at(owner):
    guesses("owner")
    assert sign_in("owner", PASSWORD) == 429


def test_however_it_is_spelled_an_account_is_one():
    assert [sign_in(name, "guess") for name in ("Owner", "OWNER", "owner", "oWNER")] == [200] * ACCOUNT + [429]


def test_guesses_from_many_addresses_count_for_the_account():
    assert [sign_in("owner", "guess", address=f"203.0.113.{number}") for number in range(5)] == [200] * 3 + [429] * 2


def test_guesses_at_many_accounts_count_for_the_address(owner):
    assert [sign_in(f"name-{number}", "guess") for number in range(ADDRESS + 1)] == [200] * ADDRESS + [429]
    assert sign_in("owner", PASSWORD, address=HOME) == 302


def test_an_ipv6_network_is_one_address():
    addresses = [f"2001:db8::{number}" for number in range(ADDRESS + 1)]
    codes = [sign_in(address, "guess", address=address) for address in addresses]
    assert codes == [200] * ADDRESS + [429]


def test_what_was_refused_for_its_address_does_not_count_for_the_account(owner):
    guesses("nobody", 20)
    guesses("owner", 20)
    assert sign_in("owner", PASSWORD, address=HOME) == 302


def test_at_once_or_one_after_the_other_is_the_same():
    def attempt() -> bool:
        try:
            limits.spend("owner", address=ELSEWHERE, now=NOW)
        except limits.TooManyAttemptsError:
            return False
        return True

    assert sum(at_once(*[attempt] * 12)) == ACCOUNT


def test_the_next_window_begins_anew(owner, monkeypatch):
    guesses("owner")
    monkeypatch.setattr(limits, "clock", lambda: NOW + 240)
    assert sign_in("owner", PASSWORD) == 302


@DOORS
def test_what_succeeds_is_not_counted(admin, door):
    assert [sign_in("admin", PASSWORD, door=door) for _ in range(2 * ADDRESS)] == [302] * 2 * ADDRESS
    assert guesses("nobody") == [200] * ACCOUNT


def test_success_forgives_the_guesses_before_it(owner):
    for _ in range(2):
        guesses("owner", ACCOUNT - 1, address=HOME)
        assert sign_in("owner", PASSWORD, address=HOME) == 302


def test_an_own_account_forgives_no_guesses_at_others(member):
    codes = []
    for number in range(ADDRESS + 1):
        codes += [sign_in(f"name-{number}", "guess"), sign_in("member", PASSWORD)]
    assert codes == [200, 302] * ADDRESS + [429, 302]


def test_strangers_keep_no_owner_out_who_was_here_lately(owner):
    sign_in("owner", PASSWORD, address=HOME)
    guesses("owner", ACCOUNT + 1)
    assert sign_in("owner", PASSWORD, address=HOME) == 302


def test_neighbours_who_guess_keep_no_owner_out_who_was_here_lately(owner):
    sign_in("owner", PASSWORD, address=HOME)
    for number in range(2 * ADDRESS):
        sign_in(f"name-{number}", "guess", address=HOME)
    assert sign_in("owner", PASSWORD, address=HOME) == 302


def test_where_the_owner_was_guesses_are_limited_too(owner):
    sign_in("owner", PASSWORD, address=HOME)
    assert guesses("owner", ACCOUNT + 1, address=HOME) == [200] * ACCOUNT + [429]


def test_each_limit_is_one_warning_when_it_begins_to_bite(caplog):
    guesses("owner", ADDRESS + 9)
    assert [record.getMessage() for record in caplog.records if record.name == "carillon.sign_in"] == [
        "More than 3 attempts to sign in as 'owner' from elsewhere than usual: refused for now",
        f"More than 5 attempts to sign in from {ELSEWHERE}: refused for now",
    ]


def test_while_redis_is_away_each_process_counts_alone(settings):
    own(settings, REDIS_URL="redis://127.0.0.1:1/0")
    assert guesses("owner", ACCOUNT + 1) == [200] * ACCOUNT + [429]


def test_a_shell_is_not_counted(owner):
    assert all(Client().login(username=sign_in_name("owner"), password=PASSWORD) for _ in range(2 * ADDRESS))


def test_sessions_of_before_go_on(client, owner):
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/notifications/").status_code == 200


def test_guesses_at_the_old_password_of_whoever_is_signed_in_count_as_well(owner, hashed):
    browser = Client()
    browser.force_login(owner)
    codes = [browser.post("/password/", {"old_password": f"guess-{number}"}).status_code for number in range(5)]
    assert codes == [200] * ACCOUNT + [429] * 2
    assert len(hashed) == ACCOUNT
