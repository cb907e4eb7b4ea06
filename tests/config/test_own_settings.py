"""What a project writes into CARILLON: read at use, with defaults, and refused in one sentence where it can't be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import override_settings

from delivery.conf import conf as delivery
from delivery.conf import networks
from events.conf import Setting, own_settings
from events.conf import conf as events
from events.worker import sweeper
from notifications.conf import conf as notifications
from tests.own_settings import own

ROOT = Path(__file__).parents[2]
FLOORS = ("events", "notifications", "delivery")
# Django's and Celery's, which every project has.
OTHERS = {
    "ALLOWED_HOSTS", "AUTH_USER_MODEL", "CELERY_DB_REUSE_MAX", "CSRF_HEADER_NAME", "CSRF_TRUSTED_ORIGINS", "DEBUG",
    "DEBUG_PROPAGATE_EXCEPTIONS", "DEFAULT_FROM_EMAIL", "EMAIL_BACKEND", "ROOT_URLCONF", "SECRET_KEY",
    "SECRET_KEY_FALLBACKS", "SESSION_COOKIE_NAME", "SESSION_ENGINE", "STATIC_URL",
}  # fmt: skip

# What looks at the project's settings of any name.
OF_PROJECTS = ("events/conf.py", "events/checks/project.py", "delivery/checks.py", "delivery/apps.py",
               "delivery/content_security.py")  # fmt: skip

WRONG: dict[str, list[object]] = {
    "PUBLISH_EVENTS_PER_MINUTE": [-1, "60", 1.5, True, None],
    "SWEEPS": ["events.sweep.sweep", [1]],
    "JOB_LEASE_SECONDS": [0, "30", True],
    "HARDWARE_GPU_CELSIUS": [85, (85,), (85, 200), ("85", "92")],
    "HOURLY_CAPS": [30, {"email": -1}, {1: 30}],
    "STORM_LIMIT": [-1, "30", None],
    "MAY_SEE": [len, None],
    "DEMO": ["no", 1],
    "BASE_URL": ["example.com", "https://example.com/", "", None, "ftp://example.com"],
    "WEBHOOK_RETRY_DELAYS": [1, ["1"]],
    "WEBHOOK_ALLOWED_NETWORKS": ["10.0.0.0/8", ["10.0.0.1/8"], ["intranet"], [10]],
    "ARCHIVE_DIR": [1, True],
    "REDIS_URL": [None, 6379],
}


def refusals() -> list[str]:
    return [error.msg for error in own_settings()]


def test_this_project_s_own_are_right():
    assert refusals() == []


@override_settings(CARILLON={})
def test_each_has_a_default_that_is_right():
    assert [
        name for name, one in Setting.declared.items() if one.default is not None and not one.is_right(one.default)
    ] == []
    assert (events.EVENT_BUS_CAPACITY, notifications.HOURLY_CAPS["email"], delivery.BASE_URL) == (
        1024, 30, "http://localhost:8000",
    )  # fmt: skip


def test_a_project_that_writes_none_has_the_defaults(settings):
    del settings.CARILLON
    assert (refusals(), delivery.WEBHOOK_RETRY_DELAYS) == ([], (1, 2, 4))


def test_it_is_read_when_it_is_used(settings):
    own(settings, EVENT_BUS_CAPACITY=3)
    assert events.EVENT_BUS_CAPACITY == 3


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_value_that_can_t_be_used_is_refused_with_what_can(settings, name, value):
    own(settings, **{name: value})
    (said,) = refusals()
    assert said.startswith(f"CARILLON['{name}'] is {value!r}; accepted is ")


def test_an_unknown_key_is_refused_with_those_that_are_known(settings):
    own(settings, WEBHOOK_RETRIES=[1])
    (said,) = refusals()
    assert "CARILLON['WEBHOOK_RETRIES'] is not known; accepted are ARCHIVE_DIR, " in said


@override_settings(CARILLON=["DEMO"])
def test_what_is_no_dict_is_refused():
    assert refusals() == ["CARILLON is no dict; write CARILLON = {...}."]


def test_networks_may_be_text(settings):
    own(settings, WEBHOOK_ALLOWED_NETWORKS=["10.20.0.0/16", "fd00::/8"])
    assert refusals() == []
    assert [one.prefixlen for one in networks(delivery.WEBHOOK_ALLOWED_NETWORKS)] == [16, 8]


def test_without_a_word_of_the_project_every_floor_is_swept():
    assert [f"{sweep.__module__}.{sweep.__name__}" for sweep in sweeper.configured()] == [
        "events.sweep.sweep",
        "events.sources.jobs.lifecycle.sweep",
        "notifications.sweep.sweep",
        "delivery.sweep.sweep",
    ]


def test_the_apps_read_no_bare_setting_of_carillon_s_own():
    texts = {path: path.read_text() for floor in FLOORS for path in (ROOT / floor).rglob("*.py")}
    read = re.compile(r"""\bsettings\.([A-Z][A-Z_]+)|\bsettings, ["']([A-Z_]+)["']""")
    found = {(str(path), a or b) for path, text in texts.items() for a, b in read.findall(text)}
    assert {one for one in found if one[1] not in OTHERS and not one[0].endswith(OF_PROJECTS)} == set()
