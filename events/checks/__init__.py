"""System checks of this floor: what would fail later in a project is said at its start (docs/checks.md)."""

from events.checks import database, project

__all__ = ["database", "project"]
