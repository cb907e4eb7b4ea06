"""The log, its readers, and what they could not take."""

import time
from typing import Any, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import rendering
from events.accounts import User
from events.admin.base import (
    BigList,
    ReadOnly,
    Values,
    by_source,
    clamped,
    code,
    pretty_json,
    traced_action,
    type_named,
    update_each,
)
from events.db import clock
from events.dispatch import replay
from events.log.withdraw import WITHDRAWN, withdraw
from events.models import Event, HardwareReading, LogGap, LogHead, ParkedEvent, Subscriber

# Seconds that trying parked events again may take of one request, and how many of them it looks at.
RERUN_SECONDS = 10.0
MOST_RERUN = 1000
MOST_WITHDRAWN = 1000
RERUN = gettext_lazy("Try again")


@admin.register(Event)
class EventAdmin(ReadOnly[Event]):
    list_display = ("id", "title", "created_at", "type_name", "about", "actor_user")
    list_select_related = ("event_type", "actor_user")
    list_filter = (("event_type__category", Values), "event_type", "created_at")
    search_fields = ("id",)
    search_help_text = gettext_lazy("An event id, a source (job:42, prompt:3f2c) or the name of a type")
    sortable_by = ("id", "created_at")
    ordering = ("-id",)
    exclude = ("event_type", "source_entity_type", "source_entity_id", "source_entity_key", "payload", "recipients")
    readonly_fields = ("reads_as", "type_name", "about", "addressed_to", "payload_as_json", "over")
    actions = ("withdraw",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        return super().get_queryset(request).defer("recipients")

    def meant(self, term: str) -> Q:
        return by_source(term, otherwise=Q(event_type__name__startswith=term))

    def has_withdraw_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carillon_events.publish_event")

    @traced_action(gettext_lazy("Withdraw: take back from everybody"), permissions=["withdraw"])
    def withdraw(self, request: HttpRequest, queryset: QuerySet[Event]) -> list[Event]:
        """Take them back, but those that are, and withdrawals themselves."""
        chosen = list(queryset.exclude(event_type__name=WITHDRAWN).order_by("pk")[:MOST_WITHDRAWN])
        gone = [event for event in chosen if withdraw(event, actor=cast("User", request.user))]
        text = ngettext("%(count)d event withdrawn.", "%(count)d events withdrawn.", len(gone))
        self.message_user(request, text % {"count": len(gone)}, messages.SUCCESS)
        return gone

    @admin.display(description=gettext_lazy("Withdrawn or over"))
    def over(self, obj: Event) -> str:
        if obj.withdrawn_at:
            return _("Withdrawn on %(time)s") % {"time": date_format(localtime(obj.withdrawn_at), "DATETIME_FORMAT")}
        return _("Over by event %(id)d") % {"id": obj.resolved_by_id} if obj.resolved_by_id else ""

    @admin.display(description=gettext_lazy("Addressed to"))
    def addressed_to(self, obj: Event) -> str:
        count = len(obj.recipients or ())
        return ngettext("%(count)d person", "%(count)d people", count) % {"count": count} if count else ""

    @admin.display(description=gettext_lazy("Title"))
    def title(self, obj: Event) -> SafeString:
        return clamped(rendering.render(obj, obj.event_type).shown_title)

    @admin.display(description=gettext_lazy("Event type"))
    def type_name(self, obj: Event) -> SafeString:
        return type_named(obj.event_type)

    @admin.display(description=gettext_lazy("Source"))
    def about(self, obj: Event) -> SafeString | str:
        return code(obj.source)

    @admin.display(description=gettext_lazy("Reads as"))
    def reads_as(self, obj: Event) -> str:
        said = rendering.render(obj, obj.event_type)
        return " · ".join(filter(None, [said.title, said.body, said.url]))

    @admin.display(description=gettext_lazy("Payload"))
    def payload_as_json(self, obj: Event) -> SafeString:
        return pretty_json(obj.payload)


@admin.register(Subscriber)
class SubscriberAdmin(BigList[Subscriber]):
    list_display = ("named", "behind", "is_paused", "failure", "retry_at", "parked_events", "lost", "updated_at")
    list_editable = ("is_paused",)
    search_fields = ("name",)
    fields = (
        "name",
        "is_paused",
        "position",
        "behind",
        "earliest",
        "batch_size",
        "parked_events",
        "lost",
        "attempts",
        "retry_at",
        "last_error",
        "lease_token",
        "lease_until",
        "created_at",
        "updated_at",
    )
    readonly_fields = tuple(name for name in fields if name != "is_paused")
    actions = ("pause", "resume", "rewind", "skip")

    @traced_action(gettext_lazy("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> list[Subscriber]:
        return update_each(queryset.filter(is_paused=False), is_paused=True)

    @traced_action(gettext_lazy("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> list[Subscriber]:
        return update_each(queryset.filter(is_paused=True), is_paused=False)

    @traced_action(gettext_lazy("Rewind to the beginning of the log"), permissions=["change"])
    def rewind(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> list[Subscriber]:
        return self._move(queryset, to=0)

    @traced_action(gettext_lazy("Skip to the head of the log"), permissions=["change"])
    def skip(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> list[Subscriber]:
        return self._move(queryset, to=None)

    def _move(self, queryset: QuerySet[Subscriber], *, to: int | None) -> list[Subscriber]:
        moved = list(queryset.order_by("name"))
        for row in moved:
            replay.move(row.name, to=to)
        return moved

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        head = Coalesce(Subquery(LogHead.objects.values("position")[:1]), Value(0), output_field=BigIntegerField())
        parked = ParkedEvent.objects.filter(subscriber=OuterRef("pk")).order_by().values("subscriber")
        gaps = LogGap.objects.filter(subscriber=OuterRef("pk")).order_by().values("subscriber")
        return (
            super()
            .get_queryset(request)
            .annotate(
                lag=Greatest(head - F("position"), Value(0), output_field=BigIntegerField()),
                parked_count=Coalesce(Subquery(parked.annotate(n=Count("pk")).values("n")), Value(0)),
                lost_count=Coalesce(
                    Subquery(gaps.annotate(n=Sum("events")).values("n")), Value(0), output_field=BigIntegerField()
                ),
            )
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Subscriber | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        """Save only the switch: the position moves on while somebody looks at the page, and must not be put back."""
        obj.save(update_fields=["is_paused", "updated_at"])

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def named(self, obj: Subscriber) -> SafeString | str:
        return code(obj.name)

    @admin.display(description=gettext_lazy("Last error"))
    def failure(self, obj: Subscriber) -> SafeString | str:
        return _last_line(obj.last_error)

    @admin.display(description=gettext_lazy("Behind the head"))
    def behind(self, obj: Subscriber) -> int:
        return int(getattr(obj, "lag", 0))

    @admin.display(description=gettext_lazy("Parked events"))
    def parked_events(self, obj: Subscriber) -> SafeString:
        return _counted(obj, "parkedevent", getattr(obj, "parked_count", 0))

    @admin.display(description=gettext_lazy("Lost to pruning"))
    def lost(self, obj: Subscriber) -> SafeString:
        return _counted(obj, "loggap", getattr(obj, "lost_count", 0))


def _last_line(error: str) -> SafeString | str:
    """The last line of a traceback says what it was."""
    line = Truncator((error.strip().splitlines() or [""])[-1]).chars(160)
    return format_html("<code>{}</code>", clamped(line)) if line else line


def _counted(subscriber: Subscriber, rows: str, count: int) -> SafeString:
    page = reverse(f"admin:carillon_events_{rows}_changelist")
    return format_html('<a href="{}?subscriber__id__exact={}">{}</a>', page, subscriber.pk, count)


@admin.register(LogGap)
class LogGapAdmin(ReadOnly[LogGap]):
    """Parts of the log that paused subscribers will never read: pruned meanwhile."""

    list_display = ("subscriber", "created_at", "events", "after", "up_to")
    list_select_related = ("subscriber",)
    list_filter = ("subscriber", "created_at")
    ordering = ("-id",)


@admin.register(ParkedEvent)
class ParkedEventAdmin(ReadOnly[ParkedEvent]):
    list_display = ("id", "event_link", "created_at", "what_went_wrong", "retry_at", "subscriber")
    list_select_related = ("subscriber",)
    list_filter = ("subscriber", ("retry_at", admin.EmptyFieldListFilter), "created_at")
    exclude = ("event", "error")
    readonly_fields = ("event_link", "error_text")
    ordering = ("-id",)
    actions = ("rerun", "dismiss")

    def has_rerun_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carillon_events.change_parkedevent")

    @admin.action(description=RERUN, permissions=["rerun"])
    def rerun(self, request: HttpRequest, queryset: QuerySet[ParkedEvent]) -> None:
        chosen = queryset.select_related("subscriber", "event__event_type", "event__actor_user").order_by("event_id")
        count, tried, end = queryset.count(), list[bool](), time.monotonic() + RERUN_SECONDS
        for parked in chosen[:MOST_RERUN]:
            self.log_change(request, parked, str(RERUN))
            tried.append(replay.rerun(parked, now=clock.estimate()))
            if time.monotonic() > end:
                break
        said = _("%(well)d of %(all)d went well this time.") % {"well": tried.count(True), "all": len(tried)}
        if left := count - len(tried):
            said += " " + _("Left for another request, to be chosen again: %(n)d.") % {"n": left}
        self.message_user(request, said, messages.SUCCESS if tried.count(True) == count else messages.WARNING)

    @admin.action(description=gettext_lazy("Dismiss: never hand it over"), permissions=["rerun"])
    def dismiss(self, request: HttpRequest, queryset: QuerySet[ParkedEvent]) -> None:
        with transaction.atomic():
            self.log_deletions(request, queryset)
            dismissed, _of_each = queryset.order_by().delete()
        self.message_user(
            request,
            ngettext("%(n)d event is dismissed.", "%(n)d events are dismissed.", dismissed) % {"n": dismissed},
            messages.SUCCESS,
        )

    @admin.display(description=gettext_lazy("Error"))
    def what_went_wrong(self, obj: ParkedEvent) -> SafeString | str:
        return _last_line(obj.error or _("not said"))

    @admin.display(description=gettext_lazy("Error"))
    def error_text(self, obj: ParkedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", obj.error)


@admin.register(HardwareReading)
class HardwareReadingAdmin(ReadOnly[HardwareReading]):
    list_display = ("host", "name", "kind", "value", "observed_at", "told_at", "told_threshold")
    list_filter = ("kind",)
    search_fields = ("host", "name")
