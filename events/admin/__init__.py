"""The ground floor in Django's admin."""

from django.contrib import admin

from events.admin import event_types, log, people, sources

admin.site.site_header = admin.site.site_title = "Carillon"

__all__ = ["event_types", "log", "people", "sources"]
