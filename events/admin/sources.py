"""The memory of the sources in the admin: jobs under way, runs of the service, ComfyUI servers."""

from datetime import UTC, datetime

from django.contrib import admin
from django.db.models import Q
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.base import ReadOnly, ago, by_source, clamped, code, pretty_json
from events.models import ComfyuiServer, ServiceRun, TrackedJob


@admin.register(TrackedJob)
class TrackedJobAdmin(ReadOnly[TrackedJob]):
    list_display = ("id", "named", "state", "created_at", "ended_at", "due_at", "about")
    list_filter = ("state",)
    search_fields = ("key",)
    search_help_text = gettext_lazy("A number, a source (job:42), or how the key or the name begins")
    sortable_by = ("id", "due_at")
    ordering = ("-id",)
    exclude = ("source_entity_type", "source_entity_id", "source_entity_key", "details")
    readonly_fields = ("about", "details_as_json", "its_events")

    def meant(self, term: str) -> Q:
        return by_source(term, otherwise=Q(key__startswith=term) | Q(name__startswith=term))

    @admin.display(description=gettext_lazy("Name"))
    def named(self, obj: TrackedJob) -> SafeString:
        return clamped(obj.name)

    @admin.display(description=gettext_lazy("Source"))
    def about(self, obj: TrackedJob) -> SafeString | str:
        return code(obj.source)

    @admin.display(description=gettext_lazy("Details"))
    def details_as_json(self, obj: TrackedJob) -> SafeString:
        return pretty_json(obj.details)

    @admin.display(description=gettext_lazy("Events"))
    def its_events(self, obj: TrackedJob) -> SafeString:
        page = reverse("admin:carillon_events_event_changelist")
        return format_html('<a href="{}?q={}">{}</a>', page, obj.source, obj.source)


@admin.register(ServiceRun)
class ServiceRunAdmin(ReadOnly[ServiceRun]):
    list_display = ("id", "role", "host", "version", "started_at", "seen_at", "ended_at", "ending")
    list_filter = ("role", "is_clean")
    search_fields = ("host", "version")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Ended cleanly"), empty_value="")
    def ending(self, obj: ServiceRun) -> str | None:
        return None if obj.is_clean is None else _("Yes") if obj.is_clean else _("No")


@admin.register(ComfyuiServer)
class ComfyuiServerAdmin(ReadOnly[ComfyuiServer]):
    list_display = ("url", "seen_until", "created_at")
    search_fields = ("url",)

    @admin.display(description=gettext_lazy("Read until"), ordering="seen_until_ms")
    def seen_until(self, obj: ComfyuiServer) -> SafeString | None:
        return ago(datetime.fromtimestamp(obj.seen_until_ms / 1000, UTC)) if obj.seen_until_ms else None
