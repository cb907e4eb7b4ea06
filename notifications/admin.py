"""The middle floor in Django's admin: to look at. What people chose is theirs to change."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy

from events.admin.base import M, ReadOnly, user_ids
from notifications.models import (
    Fanout,
    Inbox,
    Notification,
    NotificationPreference,
    Summary,
    UserNotificationSettings,
)


class OfPeople(ReadOnly[M]):
    list_select_related: ClassVar[tuple[str, ...]] = ("user",)
    search_fields = ("user__username",)
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
    list_filter = ("channel", "is_read", "hold", "created_at")
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
