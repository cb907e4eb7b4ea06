from django.contrib import admin

from events.admin import access, audit, event_types, log, schedule, sources

admin.site.site_header = admin.site.site_title = "Carillon"
admin.site.empty_value_display = "–"

__all__ = ["access", "audit", "event_types", "log", "schedule", "sources"]
