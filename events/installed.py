"""Presence of Carillon's apps in a project: one that is missing is named, whatever of it is imported first."""

from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured

FLOORS = ("events", "notifications", "delivery")
MISSING = "{!r} is not in INSTALLED_APPS and Carillon needs it; add it there."


def require(name: str) -> None:
    """ImproperlyConfigured where this app is missing; Django's own words, for its models, say nothing of what to do."""
    if not apps.is_installed(name):
        raise ImproperlyConfigured(f"carillon.E010: {MISSING.format(name)}")


@checks.register
def floors_are_installed(**_more: Any) -> list[checks.CheckMessage]:
    missing = [name for name in FLOORS if not apps.is_installed(name)]
    return [checks.Error(MISSING.format(name), id="carillon.E010") for name in missing]
