"""The middle floor in Django's admin: to look at. What people chose is theirs to change."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import accounts, rendering
from events.accounts import User
from events.admin import deletion
from events.admin.base import M, PlainLookups, ReadOnly, Values, ago, clamped, type_named, user_ids, words
from events.admin.deletion import Deleted
from events.entities import Entity
from events.rules import audience
from events.transport import credentials
from notifications.inbox import removal
from notifications.models import (
    Escalation,
    Fanout,
    Hold,
    Inbox,
    Mute,
    Notification,
    NotificationPreference,
    ProjectPreference,
    ProjectScope,
    Summary,
    UserNotificationSettings,
)
from notifications.pages.password_form import PasswordFormOfAdmin
from notifications.presentation.naming import plain_name


class OfPeople(ReadOnly[M]):
    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    search_fields = (f"user__{accounts.name_field()}",)
    search_help_text = gettext_lazy("A username, an e-mail address or a user id")
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def meant(self, term: str) -> Q:
        return Q(user_id__in=user_ids(term))


@admin.register(Notification)
class NotificationAdmin(OfPeople[Notification]):
    list_display = ("id", "title", "user", "created_at", "why", "over", "held", "is_read")
    list_select_related = ("user", "event__event_type", "event__actor_user")
    list_filter = (
        ("channel", Values),
        "is_read",
        "hold",
        ("done_at", admin.EmptyFieldListFilter),
        ("snoozed_until", admin.EmptyFieldListFilter),
        "created_at",
    )
    exclude = ("event", "channel", "reason")
    readonly_fields = ("event_type", "event_link", "over", "why")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Title"))
    def title(self, obj: Notification) -> SafeString:
        return clamped(rendering.render(obj.event, obj.event.event_type).shown_title)

    @admin.display(description=gettext_lazy("Event type"))
    def event_type(self, obj: Notification) -> SafeString:
        return type_named(obj.event.event_type)

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Notification) -> str:
        return words(obj.reason)

    @admin.display(description=gettext_lazy("Channel"))
    def over(self, obj: Notification) -> str:
        return words(obj.channel)

    @admin.display(description=gettext_lazy("Held"))
    def held(self, obj: Notification) -> str:
        return "" if obj.hold == Hold.NONE else str(obj.get_hold_display())


class OfTypes(ReadOnly[M]):
    list_select_related: ClassVar[tuple[str, ...]] = ("event_type",)
    exclude = ("event_type", "channels")
    readonly_fields = ("type_name", "over")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Event type"))
    def type_name(self, obj: Any) -> SafeString:
        return type_named(obj.event_type)

    @admin.display(description=gettext_lazy("Channels"))
    def over(self, obj: Any) -> str:
        return ", ".join(map(words, obj.channels)) or _("none")


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(OfTypes[NotificationPreference], OfPeople[NotificationPreference]):
    list_display = ("user", "type_name", "is_enabled", "over", "scope", "updated_at")
    list_select_related = ("user", "event_type")
    list_filter = ("event_type", "is_enabled", "scope")


@admin.register(ProjectPreference)
class ProjectPreferenceAdmin(OfTypes[ProjectPreference]):
    list_display = ("project_id", "type_name", "is_enabled", "over", "updated_at")
    list_filter = ("event_type", "is_enabled")
    search_fields = ("=project_id",)
    search_help_text = gettext_lazy("A project's id")
    sortable_by = ()


@admin.register(ProjectScope)
class ProjectScopeAdmin(OfPeople[ProjectScope]):
    list_display = ("user", "project_id", "scope", "updated_at")
    list_filter = ("scope",)
    ordering = ("-id",)


@admin.register(UserNotificationSettings)
class UserNotificationSettingsAdmin(OfPeople[UserNotificationSettings]):
    list_display = ("user", "dnd_enabled", "dnd_until", "digest_enabled", "digest_interval", "updated_at", "timezone")
    list_filter = ("dnd_enabled", "digest_enabled", "digest_interval")
    ordering = ("-id",)


@admin.register(Mute)
class MuteAdmin(OfPeople[Mute]):
    list_display = ("user", "entity", "until", "created_at")
    list_filter = ("entity_type", ("until", admin.EmptyFieldListFilter))
    exclude = ("entity_type", "entity_id", "entity_key")
    readonly_fields = ("entity",)
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("About"))
    def entity(self, obj: Mute) -> str:
        return plain_name(Entity(obj.entity_type, obj.source_id))


@admin.register(Inbox)
class InboxAdmin(OfPeople[Inbox]):
    list_display = ("user", "unread_count", "next_check_at", "digest_at", "seq")
    ordering = ("user",)


@admin.register(Summary)
class SummaryAdmin(OfPeople[Summary]):
    list_display = ("id", "user", "created_at", "kind", "count", "is_read")
    list_filter = ("kind", "is_read")
    ordering = ("-id",)


@admin.register(Fanout)
class FanoutAdmin(ReadOnly[Fanout]):
    list_display = ("event_link", "rule", "retry_at", "attempts", "after_user", "until_user")
    exclude = ("event",)
    readonly_fields = ("event_link",)


class EscalationStates(admin.SimpleListFilter):
    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _page: admin.ModelAdmin[Escalation]) -> list[tuple[str, Any]]:
        return list(Escalation.State.choices)

    def queryset(self, _request: HttpRequest, queryset: QuerySet[Escalation]) -> QuerySet[Escalation]:
        state = Escalation.State.conditions().get(self.value() or "")
        return queryset if state is None else queryset.filter(state)


@admin.register(Escalation)
class EscalationAdmin(ReadOnly[Escalation]):
    list_display = ("title", "state", "step", "due_at", "went_on_to", "acknowledged_by", "acknowledged_at")
    list_select_related = ("event__event_type", "event__actor_user", "acknowledged_by")
    list_filter = (EscalationStates,)
    exclude = ("event", "told")
    readonly_fields = ("event_link", "state", "went_on_to")
    ordering = ("-event",)
    sortable_by = ()

    @admin.display(description=gettext_lazy("Event"))
    def title(self, obj: Escalation) -> SafeString:
        return clamped(rendering.render(obj.event, obj.event.event_type).shown_title)

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: Escalation) -> str:
        return str(obj.state.label)

    @admin.display(description=gettext_lazy("Went on to"))
    def went_on_to(self, obj: Escalation) -> SafeString:
        steps = [(audience.words_of(one["rule"]), ago(datetime.fromisoformat(one["at"]))) for one in obj.told]
        return format_html_join("", "<div>{}, {}</div>", steps)


class PersonPages(PlainLookups[User]):
    """Mixin for an admin's pages of people, a host project's own too: the sockets of whoever is changed, switched off
    or deleted there are looked at again, and a person goes with all that was told to them."""

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm[User], change: bool) -> None:
        super().save_model(request, obj, form, change)
        credentials.changed_on_commit([obj.pk])

    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> Deleted:
        return deletion.counted(objs, request, site=self.admin_site)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        deleted = obj.pk
        removal.remove(Notification.objects.filter(user=obj))
        super().delete_model(request, obj)
        credentials.changed_on_commit([deleted])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        deleted = list(queryset.values_list("pk", flat=True))
        removal.remove(Notification.objects.filter(user_id__in_set=deleted))
        super().delete_queryset(request, queryset)
        credentials.changed_on_commit(deleted)


class PersonAdmin(PersonPages, UserAdmin[User]):
    """Django's own pages of people."""

    change_password_form = PasswordFormOfAdmin
    change_user_password_template = "admin/carillon_notifications/person_password.html"  # noqa: S105 - no password


# A host project's own page of people stays.
if admin.site.is_registered(get_user_model()) and type(admin.site.get_model_admin(get_user_model())) is UserAdmin:
    admin.site.unregister(get_user_model())
    admin.site.register(get_user_model(), PersonAdmin)
