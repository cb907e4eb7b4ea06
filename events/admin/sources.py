"""The memory of the sources in the admin: jobs under way, runs of the service, ComfyUI servers."""

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from events.admin.base import ReadOnly, by_source, pretty_json
from events.models import ComfyuiServer, ServiceRun, TrackedJob


@admin.register(TrackedJob)
class TrackedJobAdmin(ReadOnly[TrackedJob]):
    list_display = ("id", "name", "state", "about", "actor_user_id", "created_at", "started_at", "ended_at", "due_at")
    list_filter = ("state",)
    search_fields = ("key",)
    search_help_text = gettext_lazy("A number, a source (job:42), or how the key or the name begins")
    sortable_by = ("id", "due_at")
    ordering = ("-id",)
    exclude = ("source_entity_type", "source_entity_id", "details")
    readonly_fields = ("about", "details_as_json", "its_events")

    def meant(self, term: str) -> Q:
        return by_source(term, otherwise=Q(key__startswith=term) | Q(name__startswith=term))

    @admin.display(description=gettext_lazy("Source"))
    def about(self, obj: TrackedJob) -> str:
        return str(obj.source)

    @admin.display(description=gettext_lazy("Details"))
    def details_as_json(self, obj: TrackedJob) -> SafeString:
        return pretty_json(obj.details)

    @admin.display(description=gettext_lazy("Events"))
    def its_events(self, obj: TrackedJob) -> SafeString:
        page = reverse("admin:carillon_events_event_changelist")
        return format_html('<a href="{}?q={}">{}</a>', page, obj.source, obj.source)


@admin.register(ServiceRun)
class ServiceRunAdmin(ReadOnly[ServiceRun]):
    list_display = ("id", "role", "host", "pid", "version", "started_at", "seen_at", "ended_at", "is_clean")
    list_filter = ("role", "is_clean")
    search_fields = ("host", "version")
    ordering = ("-id",)


@admin.register(ComfyuiServer)
class ComfyuiServerAdmin(ReadOnly[ComfyuiServer]):
    list_display = ("url", "seen_until_ms", "created_at")
    search_fields = ("url",)
