"""The ground floor in Django's admin."""

from events.admin import event_types, log, people

__all__ = ["event_types", "log", "people"]
