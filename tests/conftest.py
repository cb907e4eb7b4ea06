"""The fixed cast, and what every test shares."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import TransactionTestCase
from django.utils import timezone
from hypothesis import HealthCheck, settings
from rest_framework.test import APIRequestFactory

from config.sign_in import limits
from delivery import sweep as delivery_sweep
from delivery.monitoring.operator_alerts import OperatorAlerts
from events import entities, event_type_cache
from events import sweep as events_sweep
from events.db import clock
from events.monitoring.counting import Compaction
from events.transport import credentials, outages
from tests.accounts.factory import new_person
from tests.database_reset import InitialRows
from tests.own_settings import own

if TYPE_CHECKING:
    from events.accounts import User

pytest_plugins = ["tests.browser.chromium"]
PASSWORD = "carillon-demo"

# What a test sends the API is JSON.
APIRequestFactory.default_format = "json"

# How long an example takes says more about the machine than about the rule.
settings.register_profile("carillon", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("carillon")


def pytest_collection_modifyitems(config, items) -> None:
    """Leave out what is about the other profile, and code of before that isn't here: deselected, not skipped."""
    others = ("service",) if connection.vendor == "sqlite" else ("embedded", "page")
    left_out = [
        item
        for item in items
        if any(map(item.get_closest_marker, others))
        or ((earlier := item.get_closest_marker("history")) and not has_commit(earlier.args[0]))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@cache
def has_commit(name: str) -> bool:
    """Commit can be unpacked here: a shallow clone hasn't all, an archive none."""
    command = ["git", "cat-file", "-e", f"{name}^{{commit}}"]
    return (
        bool(shutil.which("git"))
        and not subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, check=False).returncode
    )


def person(name: str, **more: bool) -> User:
    user = new_person(name, **more)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> Iterator[None]:
    """pytest-django's, and every test that commits leaves the tables as the migrations did.

    None waits for the disk: no machine loses its power in them.
    """
    if connection.vendor == "sqlite":
        options = connection.settings_dict["OPTIONS"]
        without_waiting = options["init_command"].replace("synchronous=FULL", "synchronous=OFF")
        connection.settings_dict["OPTIONS"] = options | {"init_command": without_waiting}
    with django_db_blocker.unblock():
        initial = InitialRows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_setup", classmethod(lambda cls: None))
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: initial.restore())
        yield


@pytest.fixture(autouse=True)
def _cheap_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _any_number_of_rows(settings) -> None:
    """Tests tell one person of hundreds within a second, and count them."""
    own(settings, STORM_LIMIT=0)


@pytest.fixture(autouse=True)
def _any_number_of_sign_ins(monkeypatch) -> None:
    """Tests share an address, and names too."""
    monkeypatch.setattr(limits, "ACCOUNT_ATTEMPTS", 1_000_000)
    monkeypatch.setattr(limits, "ADDRESS_ATTEMPTS", 1_000_000)


@pytest.fixture(autouse=True)
def _no_known_types() -> None:
    """Each test's database has types of its own: none is known from the test before."""
    event_type_cache.clear()


@pytest.fixture(autouse=True)
def _no_known_keys() -> None:
    """None is remembered from the test before."""
    credentials.forget()


@pytest.fixture(autouse=True)
def _no_outage() -> None:
    """Each test is told the whole story of what fails in it."""
    if reporter := outages._reporter.existing():
        reporter.outages = outages.Outages()


@pytest.fixture(autouse=True)
def _sweeps_of_a_young_process(monkeypatch) -> None:
    """Work that a sweep does now and then comes in no test unasked."""
    monkeypatch.setattr(events_sweep, "_compaction", Compaction())
    monkeypatch.setattr(delivery_sweep, "_alerts", OperatorAlerts())


@pytest.fixture(autouse=True)
def _known_clock(monkeypatch) -> None:
    """No test's first estimate of the database's clock is a query more."""
    if connection.vendor == "postgresql":
        look = clock.Look(timezone.now(), time.monotonic(), timedelta())
        monkeypatch.setattr(clock, "_last", look)


@pytest.fixture(autouse=True)
def _own_entities(monkeypatch) -> None:
    """Entities that a test registers are gone after it, and so is what it lets this process be."""
    monkeypatch.setattr(entities, "_resolvers", {})
    monkeypatch.setattr(django_settings, "CARILLON", dict(django_settings.CARILLON))


@pytest.fixture
def committed(transactional_db) -> None:
    """Real commits, for what threads and coroutines see; what the migrations put in is there."""


@pytest.fixture
def owner(db) -> User:
    return person("owner")


@pytest.fixture
def member(db) -> User:
    return person("member")


@pytest.fixture
def watcher(db) -> User:
    return person("watcher")


@pytest.fixture
def outsider(db) -> User:
    return person("outsider")


@pytest.fixture
def admin(db) -> User:
    return person("admin", is_staff=True, is_superuser=True)
