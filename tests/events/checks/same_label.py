"""App of a host project that has taken Carillon's own label."""

from __future__ import annotations

from django.apps import AppConfig


class SameLabel(AppConfig):
    name = "tests.events.checks"
    label = "carillon_events"
