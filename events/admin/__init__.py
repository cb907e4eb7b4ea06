from django.contrib import admin

from events.admin import access, event_types, log, sources

admin.site.site_header = admin.site.site_title = "Carillon"

__all__ = ["access", "event_types", "log", "sources"]
