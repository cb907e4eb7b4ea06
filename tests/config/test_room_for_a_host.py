"""A host project keeps the plain names: its own app `events`, its own base.html, its own style sheets."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).parents[2]
FLOORS = ("events", "notifications", "delivery")
# Django asks for them by these names.
ERROR_PAGES = {"400.html", "403.html", "403_csrf.html", "404.html", "500.html"}


@pytest.mark.parametrize("floor", FLOORS)
def test_no_app_of_ours_takes_a_plain_label(floor):
    assert [config.label for config in apps.get_app_configs() if config.name == floor] == [f"carillon_{floor}"]


def test_templates_and_static_files_are_under_our_own_name():
    folders = [ROOT / "templates", ROOT / "static", *(ROOT / floor / "static" for floor in FLOORS)]
    files = [path.relative_to(folder).parts for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert {parts[0] for parts in files} - ERROR_PAGES == {"admin", "carillon"}
    assert {parts[1] for parts in files if parts[0] == "admin"} == {
        "carillon_events",
        "carillon_notifications",
        "carillon_delivery",
    }
