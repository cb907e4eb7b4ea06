"""Event types: a new one is a row, publishable at once."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, TextField
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import event_type_cache
from events.admin.base import PlainLookups, Values, clamped, traced_action, type_named, update_each, words
from events.admin.event_type_form import EventTypeForm, TypeErrorsAnywhere
from events.models import Event, EventType
from events.rules import audience


@admin.register(EventType)
class EventTypeAdmin(PlainLookups[EventType]):
    form = EventTypeForm
    formfield_overrides = {TextField: {"widget": AdminTextInputWidget(attrs={"class": "vLargeTextField"})}}
    list_display = ("named", "told", "channels", "updated_at", "is_critical", "is_locked", "is_active")
    list_editable = ("is_active",)
    list_filter = (("category", Values), "is_active", "is_critical", "is_locked")
    search_fields = ("name", "category", "description")
    search_help_text = gettext_lazy("Name, category or description")
    actions = ("switch_on", "switch_off")
    readonly_fields = ("told", "last_published", "created_at", "updated_at")
    save_on_top = True
    fieldsets = (
        (None, {"fields": ("name", "category", "description", "is_active", "is_critical", "is_locked")}),
        (
            gettext_lazy("Who is told"),
            {
                "fields": (
                    "audience",
                    "told",
                    "exclude_actor",
                    "actor_becomes_owner",
                    "default_channels",
                    "ladder",
                    "acknowledge_minutes",
                    "escalates_to",
                ),
                "classes": ("who-is-told",),
            },
        ),
        (
            gettext_lazy("How it reads"),
            {
                "fields": ("title_template", "body_template", "url_template", "digest_one", "digest_many"),
                "classes": ("how-it-reads",),
                "description": gettext_lazy(
                    "Variables and plain filters: <code>{{ payload.name }}</code>, <code>{{ actor }}</code>, "
                    "<code>{{ source }}</code>, <code>{{ source_type }}</code>, <code>{{ source_id }}</code>, "
                    "<code>{{ event_type }}</code>, <code>{{ category }}</code>."
                ),
            },
        ),
        (gettext_lazy("Payload"), {"fields": ("schema", "sample")}),
        (
            gettext_lazy("More"),
            {
                "fields": (
                    "replaces",
                    "updates_quietly",
                    "burst_seconds",
                    "resolves",
                    "tells_when_over",
                    "keep_days",
                    "last_published",
                    "created_at",
                    "updated_at",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: EventType | None = None) -> Any:
        """The name is what programs publish: it stays once it is given."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else ("name", *fixed)

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ModelForm[EventType]]:
        return super().get_changelist_form(request, **{"form": TypeErrorsAnywhere} | kwargs)

    def save_model(self, request: HttpRequest, obj: EventType, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        transaction.on_commit(event_type_cache.clear)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Types that events point to stay; people's choices for the others go with them, uncounted."""
        chosen = EventType.objects.filter(pk__in=[event_type.pk for event_type in objs])
        of_type = Event.objects.filter(event_type=OuterRef("pk"))
        kept = [
            _("%(name)s: events of it are stored, so it can't be deleted. Switch it off instead: untick “Active”.")
            % {"name": name}
            for name in chosen.filter(Exists(of_type)).values_list("name", flat=True)
        ]
        names = [str(event_type) for event_type in objs]
        return names, {str(self.opts.verbose_name_plural): len(names)}, set(), kept

    @traced_action(gettext_lazy("Switch selected event types on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[EventType]) -> list[EventType]:
        return self._switch(request, queryset, is_active=True)

    @traced_action(gettext_lazy("Switch selected event types off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[EventType]) -> list[EventType]:
        return self._switch(request, queryset, is_active=False)

    def _switch(self, request: HttpRequest, queryset: QuerySet[EventType], *, is_active: bool) -> list[EventType]:
        changed = update_each(queryset.exclude(is_active=is_active), is_active=is_active)
        transaction.on_commit(event_type_cache.clear)
        text = ngettext("%(count)d event type switched.", "%(count)d event types switched.", len(changed))
        self.message_user(request, text % {"count": len(changed)}, messages.SUCCESS)
        return changed

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def named(self, obj: EventType) -> SafeString:
        return type_named(obj)

    @admin.display(description=gettext_lazy("Who is told"))
    def told(self, obj: EventType) -> SafeString:
        return clamped(audience.in_words(obj.rules) or _("Nobody"))

    @admin.display(description=gettext_lazy("Channels"))
    def channels(self, obj: EventType) -> str:
        return ", ".join(map(words, obj.default_channels)) or _("None")

    @admin.display(description=gettext_lazy("Last published"))
    def last_published(self, obj: EventType) -> str:
        newest = Event.objects.filter(event_type=obj, position__isnull=False).order_by("-position").first()
        return date_format(localtime(newest.created_at), "DATETIME_FORMAT") if newest else _("never")
