"""Destinations in the admin, to look at: whoever manages them does so on their page."""

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from delivery.models import Destination
from events.admin.base import ReadOnly, clamped, link, words


@admin.register(Destination)
class DestinationAdmin(ReadOnly[Destination]):
    list_display = ("label", "whose", "place", "hears", "critical_only", "digest", "state", "created_at")
    list_select_related = ("address",)
    list_filter = ("critical_only", ("deleted_at", admin.EmptyFieldListFilter))
    search_fields = ("label",)
    ordering = ("-id",)
    exclude = ("address", "patterns")
    readonly_fields = ("place", "hears", "state")

    @admin.display(description=gettext_lazy("Of"), ordering="project_id")
    def whose(self, obj: Destination) -> str:
        return _("the site") if obj.project_id is None else _("project %(id)d") % {"id": obj.project_id}

    @admin.display(description=gettext_lazy("Address"))
    def place(self, obj: Destination) -> SafeString | str:
        shown = f"{words(obj.address.kind)} · {obj.address.masked_target}"
        return link("carillon_delivery_address", obj.address_id, shown)

    @admin.display(description=gettext_lazy("Event types"))
    def hears(self, obj: Destination) -> SafeString:
        return clamped(", ".join(obj.patterns))

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: Destination) -> str:
        if obj.deleted_at is not None:
            return _("Deleted")
        return _("Paused") if not obj.address.is_enabled else _("Failing") if obj.address.failures else _("Working")
