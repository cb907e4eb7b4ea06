"""What a project lacks is said by `manage.py check`, with what to write where."""

from __future__ import annotations

import pytest
from django.apps import AppConfig
from django.apps import apps as registry
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.test import modify_settings, override_settings

from events.checks import project

LAYER = {"default": {"BACKEND": project.IN_PROCESS}}


def said(found: list[CheckMessage]) -> list[tuple[str | None, str]]:
    return [(one.id, one.msg) for one in found]


def test_this_project_lacks_nothing():
    found = [
        *project.apps_are_installed(),
        *project.requests_have_what_pages_need(),
        *project.moments_have_time_zones(),
        *project.layer_reaches_every_process(),
    ]
    assert said(found) == []


@pytest.mark.parametrize("app", ["drf_spectacular_sidecar", "channels", "rest_framework"])
def test_an_app_that_is_missing(app):
    with modify_settings(INSTALLED_APPS={"remove": [app]}):
        assert said(project.apps_are_installed()) == [
            ("carillon.E010", f"{app!r} is not in INSTALLED_APPS and Carillon needs it; add it there.")
        ]


def test_another_s_app_where_one_of_ours_belongs(monkeypatch):
    others = AppConfig.create("tests.accounts")
    others.name, others.label = "delivery", "delivery"
    monkeypatch.setattr(registry, "app_configs", registry.app_configs | {"carillon_delivery": others})
    ((code, told),) = said(project.apps_are_installed())
    assert code == "carillon.E011"
    assert told.startswith("The app 'delivery' in INSTALLED_APPS is not Carillon's")


def test_a_host_s_app_may_have_our_plain_label(monkeypatch):
    monkeypatch.setattr(registry, "app_configs", registry.app_configs | {"events": AppConfig.create("tests.accounts")})
    assert project.apps_are_installed() == []


def test_an_app_with_our_own_label_is_refused_by_django():
    with (
        pytest.raises(ImproperlyConfigured, match="carillon_events"),
        modify_settings(INSTALLED_APPS={"append": "tests.events.checks.same_label.SameLabel"}),
    ):
        pass


@pytest.mark.parametrize("path", [*project.MIDDLEWARE, *project.MIDDLEWARE_OF_ADMIN])
def test_middleware_that_is_missing_is_named_once(settings, path):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != path]
    settings.INSTALLED_APPS = [one for one in settings.INSTALLED_APPS if one != project.ADMIN]
    assert said(project.requests_have_what_pages_need()) == [
        ("carillon.E012", f"MIDDLEWARE lacks {path} and Carillon's pages need it; add it.")
    ]


def test_what_the_admin_says_already_is_not_said_twice(settings):
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one not in project.MIDDLEWARE_OF_ADMIN]
    assert project.requests_have_what_pages_need() == []


@pytest.mark.parametrize("path", project.PROCESSORS)
def test_a_context_processor_that_is_missing(settings, path):
    engine = settings.TEMPLATES[0]
    kept = [one for one in engine["OPTIONS"]["context_processors"] if one != path]
    settings.TEMPLATES = [engine | {"OPTIONS": {"context_processors": kept}}]
    ((code, told),) = said(project.requests_have_what_pages_need())
    assert (code, path in told) == ("carillon.E013", True)


@override_settings(TEMPLATES=[])
def test_templates_without_django_s_engine():
    ((code, told),) = said(project.requests_have_what_pages_need())
    assert (code, project.ENGINE in told) == ("carillon.E013", True)


@override_settings(USE_TZ=False)
def test_moments_without_a_time_zone():
    assert [code for code, _told in said(project.moments_have_time_zones())] == ["carillon.E016"]


@pytest.mark.parametrize(
    ("layers", "broker", "code"),
    [
        ({}, "memory://", "carillon.E015"),
        ({"other": {"BACKEND": project.IN_PROCESS}}, "memory://", "carillon.E015"),
        ({"default": {"BACKEND": project.CHANNELS_OWN}}, "memory://", "carillon.W004"),
        (LAYER, "redis://localhost", "carillon.W004"),
        (LAYER, "memory://", None),
        ({"default": {"BACKEND": project.REDIS_LAYER}}, "redis://localhost", None),
    ],
)
def test_a_layer_that_somebody_does_not_hear(settings, monkeypatch, layers, broker, code):
    settings.CHANNEL_LAYERS = layers
    monkeypatch.setattr(project, "broker", lambda: broker)
    assert [one.id for one in project.layer_reaches_every_process()] == [code] * bool(code)
