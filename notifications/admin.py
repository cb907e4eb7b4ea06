"""The middle floor in Django's admin: to look at. What people chose is theirs to change."""

from collections.abc import Iterable
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from events import accounts
from events.accounts import User
from events.admin import deletion
from events.admin.base import M, PlainLookups, ReadOnly, user_ids
from events.admin.deletion import Deleted
from events.transport import credentials
from notifications.inbox import removal
from notifications.models import (
    Fanout,
    Inbox,
    Notification,
    NotificationPreference,
    Summary,
    UserNotificationSettings,
)
from notifications.pages.password_form import PasswordFormOfAdmin


class OfPeople(ReadOnly[M]):
    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    search_fields = (f"user__{accounts.name_field()}",)
    search_help_text = gettext_lazy("A username, an e-mail address or a user id")
    sortable_by: ClassVar[tuple[str, ...]] = ()

    def meant(self, term: str) -> Q:
        return Q(user_id__in=user_ids(term))


@admin.register(Notification)
class NotificationAdmin(OfPeople[Notification]):
    list_display = (
        "id",
        "user",
        "event_type",
        "event_link",
        "channel",
        "reason",
        "hold",
        "is_read",
        "is_delivered",
        "created_at",
    )
    list_select_related = ("user", "event__event_type")
    list_filter = (
        "channel",
        "is_read",
        "hold",
        ("done_at", admin.EmptyFieldListFilter),
        ("snoozed_until", admin.EmptyFieldListFilter),
        "created_at",
    )
    exclude = ("event",)
    readonly_fields = ("event_type", "event_link")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Event type"))
    def event_type(self, obj: Notification) -> str:
        return obj.event.event_type.name


@admin.register(NotificationPreference)
class NotificationPreferenceAdmin(OfPeople[NotificationPreference]):
    list_display = ("user", "event_type", "is_enabled", "channels", "scope", "updated_at")
    list_select_related = ("user", "event_type")
    list_filter = ("event_type", "is_enabled", "scope")
    ordering = ("-id",)


@admin.register(UserNotificationSettings)
class UserNotificationSettingsAdmin(OfPeople[UserNotificationSettings]):
    list_display = ("user", "dnd_enabled", "dnd_until", "digest_enabled", "digest_interval", "timezone", "updated_at")
    list_filter = ("dnd_enabled", "digest_enabled", "digest_interval")
    ordering = ("-id",)


@admin.register(Inbox)
class InboxAdmin(OfPeople[Inbox]):
    list_display = ("user", "seq", "unread_count", "resync_below")
    ordering = ("user",)


@admin.register(Summary)
class SummaryAdmin(OfPeople[Summary]):
    list_display = ("id", "user", "kind", "window", "count", "is_read", "created_at")
    list_filter = ("kind", "is_read")
    ordering = ("-id",)


@admin.register(Fanout)
class FanoutAdmin(ReadOnly[Fanout]):
    list_display = ("event_link", "after_user", "until_user", "attempts", "retry_at")
    exclude = ("event",)
    readonly_fields = ("event_link",)


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
