"""Pages to look at what was done in the admin and from the command line."""

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils.translation import gettext_lazy

from events import accounts
from events.admin.base import ReadOnly
from events.models import CommandEntry


@admin.register(LogEntry)
class LogEntryAdmin(ReadOnly[LogEntry]):
    list_display = ("action_time", "user", "content_type", "object_repr", "said")
    list_select_related = ("user", "content_type")
    list_filter = ("action_flag", "action_time")
    search_fields = (f"user__{accounts.name_field()}", "object_repr")
    exclude = ("change_message",)
    readonly_fields = ("said",)
    ordering = ("-id",)

    @admin.display(description=gettext_lazy("Change"))
    def said(self, obj: LogEntry) -> str:
        return obj.get_change_message()


@admin.register(CommandEntry)
class CommandEntryAdmin(ReadOnly[CommandEntry]):
    list_display = ("created_at", "operator", "host", "command", "text")
    list_filter = ("command", "created_at")
    search_fields = ("operator", "host", "text")
    ordering = ("-id",)
