"""Every address by every method as everybody: what table.txt says, and no one sees or changes another's."""

from __future__ import annotations

import pytest

from tests.permissions import table
from tests.permissions.cast import KEYS, ROLES, gather
from tests.permissions.cells import Answer, Stage
from tests.permissions.routes import METHODS, admin_models, all_routes
from tests.permissions.scene import Scene
from tests.permissions.table import Line

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]

AREAS = {
    "api": [line for line in table.lines() if line.route.startswith("/api/")],
    "pages": [line for line in table.lines() if not line.route.startswith(("/api/", "/admin/"))],
    "admin": [line for line in table.lines() if line.route.startswith("/admin/")],
    "look": [line for model, kind in table.MODELS.items() if kind == "look" for line in table.lines_of(model)],
    "edit": [line for model, kind in table.MODELS.items() if kind != "look" for line in table.lines_of(model)],
}
REFUSED = {"401", "403", "404", "405", "sign-in"}
SAFE = {"GET", "HEAD", "OPTIONS"}
# Those who may most, each in their own way: what these are refused is refused to all.
MIGHTIEST = ("anonymous", "owner", "admin", "key")


@pytest.fixture
def stage() -> Stage:
    cast = gather()
    return Stage(cast, Scene(cast))


def is_as_expected(line: Line, role: str, answer: Answer) -> bool:
    expected = {"200", "302"} if line.expected(role) == "ok" else {line.expected(role)}
    is_own = line.may_see_the_owner_s(role)
    return answer.outcome in expected and (is_own or not (answer.shows_the_owner_s or answer.changed_the_owner_s))


def test_every_route_has_a_line_and_every_line_a_route():
    assert set(all_routes()) == table.routes()
    assert set(admin_models()) == set(table.MODELS)


@pytest.mark.parametrize("area", AREAS)
def test_everybody_is_answered_as_the_table_says(stage, area):
    surprises = []
    for line in AREAS[area]:
        stage.cast.permit(line.permission)
        for method, role in [(method, role) for method in line.methods for role in ROLES]:
            answer = stage.ask(role, method, line.route, enforce_csrf_checks=area == "api" and role in KEYS)
            if not is_as_expected(line, role, answer):
                surprises.append((role, method, line.route, line.expected(role), answer))
    assert surprises == []


@pytest.mark.parametrize("area", ["api", "pages", "admin"])
def test_a_method_that_no_line_names_is_refused(stage, area):
    named = {(line.route, method) for line in AREAS[area] for method in line.methods}
    followed = {(route, "HEAD") for route, method in named if method == "GET"}
    answered = {
        (role, method, route): stage.ask(role, method, route).outcome
        for route in {line.route for line in AREAS[area]}
        for method in METHODS
        if (route, method) not in named | followed
        for role in MIGHTIEST
    }
    refused = {"405"} if area == "api" else REFUSED
    assert {cell: answer for cell, answer in answered.items() if answer not in refused} == {}


@pytest.mark.parametrize("area", ["look", "edit"])
def test_pages_of_models_take_other_methods_for_a_get(stage, area):
    surprises = []
    for line in AREAS[area]:
        others = set(METHODS) - {"GET", "POST"} if "GET" in line.methods else set()
        for method, role in [(method, role) for method in others for role in ("anonymous", "staff")]:
            answer = stage.ask(role, method, line.route)
            if not is_as_expected(line, role, answer):
                surprises.append((role, method, line.route, line.expected(role), answer))
    assert surprises == []


def test_head_is_answered_as_get(stage):
    named = {line.route for line in table.lines() if "HEAD" in line.methods}
    surprises = []
    for line in [line for line in table.lines() if "GET" in line.methods and line.route not in named]:
        for role in ("anonymous", "outsider", "admin"):
            answered = stage.ask(role, "HEAD", line.route).outcome
            if answered not in (line.expected(role), "405"):
                surprises.append((role, line.route, line.expected(role), answered))
    assert surprises == []


def test_whatever_changes_something_asks_a_session_for_its_token(stage):
    lines = [line for area in AREAS.values() for line in area if line.who != "link"]
    answered = {
        (method, line.route): stage.ask("admin", method, line.route, enforce_csrf_checks=True).outcome
        for line in lines
        for method in set(line.methods) - SAFE
        if line.expected("admin") not in REFUSED
    }
    assert {cell: answer for cell, answer in answered.items() if answer != "403"} == {}
