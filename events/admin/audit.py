"""Pages to look at what was done in the admin and from the command line."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from events import accounts
from events.admin.base import ReadOnly, clamped
from events.models import CommandEntry


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly[LogEntry]):
    list_display = ("action_time", "user", "about", "said")
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", "action_time")
    search_fields = (f"user__{accounts.name_field()}", "object_repr")
    exclude = ("change_message",)
    readonly_fields = ("said",)
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("About"), ordering="content_type")
    def about(self, obj: LogEntry) -> SafeString:
        return format_html("{}: {}", capfirst(obj.content_type.name) if obj.content_type else "–", obj.object_repr)

    @admin.display(description=gettext_lazy("Change"))
    def said(self, obj: LogEntry) -> SafeString:
        return clamped(obj.get_change_message())


@admin.register(CommandEntry)
class CommandEntryAdmin(ReadOnly[CommandEntry]):
    list_display = ("created_at", "command", "said", "operator", "host")
    list_filter = ("command", "created_at")
    search_fields = ("operator", "host", "text")
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Change"))
    def said(self, obj: CommandEntry) -> SafeString:
        return clamped(obj.text)
