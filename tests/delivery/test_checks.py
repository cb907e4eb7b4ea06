"""What a project has not wired up is said by `manage.py check`, with the line to write."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from celery import Celery
from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

import events
from delivery import apps, checks
from delivery.schedule import BEAT_SCHEDULE
from events.checks import project
from tests.own_settings import own

ROOT = Path(__file__).parents[2]
urlpatterns: list[object] = []


@pytest.fixture
def celery_of_host(monkeypatch) -> Celery:
    app = Celery("host", set_as_current=False)
    monkeypatch.setattr("delivery.checks.current_app", app)
    monkeypatch.setattr("events.checks.project.current_app", app)
    return app


def test_this_project_is_wired_up():
    found = [
        *checks.addresses_are_included(),
        *checks.templates_are_found(),
        *checks.application_is_named(),
        *checks.socket_is_mounted(),
        *checks.celery_is_set_up(),
        *checks.site_has_an_address(),
    ]
    assert found == []


@pytest.mark.urls(__name__)
def test_addresses_that_are_not_included():
    found = checks.addresses_are_included()
    assert [one.id for one in found] == ["carillon.E018", "carillon.E018"]
    assert 'include("delivery.api.urls")' in found[1].msg


@pytest.mark.parametrize(
    "written",
    [
        *checks.INCLUDED.values(),
        checks.GUARDS[0],
        "from delivery.asgi import socket",
        '"websocket": socket',
        "CELERY_BROKER_URL",
        "django_celery_beat.schedulers:DatabaseScheduler",
        project.REDIS_LAYER,
        project.IN_PROCESS,
    ],
)
def test_what_a_sentence_asks_to_write_is_what_the_document_writes(written):
    assert written in (ROOT / "docs" / "arrive.md").read_text()


def test_templates_that_are_not_found(settings):
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [], "APP_DIRS": False}]
    (found,) = checks.templates_are_found()
    assert (found.id, "APP_DIRS" in found.msg) == ("carillon.E019", True)


def test_a_base_template_that_is_not_found(settings):
    own(settings, BASE_TEMPLATE="studio/base.html")
    (found,) = checks.templates_are_found()
    assert (found.id, "studio/base.html" in found.msg) == ("carillon.E019", True)


@override_settings(ASGI_APPLICATION=None)
def test_a_project_without_an_application():
    (found,) = checks.application_is_named()
    assert (found.id, "from delivery.asgi import socket" in found.msg) == ("carillon.W003", True)
    assert checks.socket_is_mounted() == []


@override_settings(ASGI_APPLICATION="tests.delivery.fakes.pages_only.application")
def test_an_application_without_the_socket(monkeypatch):
    monkeypatch.delitem(sys.modules, checks.SOCKET, raising=False)
    (found,) = checks.socket_is_mounted()
    assert (found.id, "from delivery.asgi import socket" in found.msg) == ("carillon.W003", True)


@override_settings(ASGI_APPLICATION="nowhere.asgi.application")
def test_an_application_that_can_t_be_imported():
    (found,) = checks.socket_is_mounted()
    assert (found.id, "No module named 'nowhere'" in found.msg) == ("carillon.E014", True)


@pytest.mark.parametrize(("guard", "codes"), [*((guard, []) for guard in checks.GUARDS), (None, ["carillon.W009"])])
def test_pages_without_a_policy(settings, guard, codes):
    settings.MIDDLEWARE = [one for one in [*settings.MIDDLEWARE, guard] if one not in checks.GUARDS or one == guard]
    assert [one.id for one in checks.pages_have_a_policy()] == codes


def test_celery_without_a_broker(celery_of_host):
    assert [one.id for one in checks.celery_is_set_up()] == ["carillon.W005"]


def test_a_beat_that_asks_for_nothing(celery_of_host):
    celery_of_host.conf.broker_url = "redis://localhost"
    (found,) = checks.celery_is_set_up()
    assert found.id == "carillon.W006"
    assert "events.observe_hardware, notifications.release_all, delivery.prune" in found.msg


@pytest.mark.parametrize(
    "written",
    [
        {"beat_scheduler": "django_celery_beat.schedulers:DatabaseScheduler"},
        {"beat_schedule": {**BEAT_SCHEDULE, "theirs": {"task": "theirs", "schedule": crontab()}}},
    ],
)
def test_a_beat_that_asks(celery_of_host, written):
    celery_of_host.conf.update(broker_url="redis://localhost", **written)
    assert checks.celery_is_set_up() == []


def test_a_site_without_an_address(settings):
    settings.DEBUG, settings.CARILLON = False, {}
    assert [one.id for one in checks.site_has_an_address()] == ["carillon.W007"]
    own(settings, BASE_URL="https://example.com")
    assert checks.site_has_an_address() == []


def test_a_floor_that_is_another_s_module(monkeypatch):
    monkeypatch.setattr(events, "__file__", "/host/events/__init__.py")
    with pytest.raises(ImproperlyConfigured, match=r"carillon\.E011: the module 'events' is /host/events"):
        apps.refuse_other_floors()


@pytest.mark.parametrize("missing", ["notifications", "django_celery_beat"])
def test_what_the_models_need_and_is_not_installed(settings, missing):
    settings.INSTALLED_APPS = [name for name in settings.INSTALLED_APPS if name != missing]
    with pytest.raises(ImproperlyConfigured, match=rf"carillon\.E010: '{missing}' is not in INSTALLED_APPS"):
        apps.refuse_other_floors()


def test_a_floor_may_be_named_by_its_configuration(settings):
    dotted = {"events": "events.apps.EventsConfig"}
    settings.INSTALLED_APPS = [dotted.get(name, name) for name in settings.INSTALLED_APPS]
    apps.refuse_other_floors()
