"""The log, its readers, and what they could not take."""

import time
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import BigIntegerField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from events import rendering
from events.admin.base import BigList, ReadOnly, by_source, pretty_json, traced_action, update_each
from events.db import clock
from events.dispatch import replay
from events.models import Event, HardwareReading, LogGap, LogHead, ParkedEvent, Subscriber

# Seconds that trying parked events again may take of one request, and how many of them it looks at.
RERUN_SECONDS = 10.0
MOST_RERUN = 1000
RERUN = gettext_lazy("Try again")


@admin.register(Event)
class EventAdmin(ReadOnly[Event]):
    list_display = ("id", "event_type", "about", "actor_user", "created_at", "position", "project_id", "publisher")
    list_select_related = ("event_type", "actor_user")
    list_filter = ("event_type__category", "event_type", "created_at")
    search_fields = ("id",)
    search_help_text = gettext_lazy("An event id, a source (job:42) or the name of a type")
    sortable_by = ("id", "created_at", "position")
    ordering = ("-id",)
    exclude = ("source_entity_type", "source_entity_id", "payload")
    readonly_fields = ("reads_as", "about", "payload_as_json")

    def meant(self, term: str) -> Q:
        return by_source(term, otherwise=Q(event_type__name__startswith=term))

    @admin.display(description=gettext_lazy("Source"))
    def about(self, obj: Event) -> str:
        return str(obj.source or "–")

    @admin.display(description=gettext_lazy("Reads as"))
    def reads_as(self, obj: Event) -> str:
        said = rendering.render(obj, obj.event_type)
        return " · ".join(filter(None, [said.title, said.body, said.url]))

    @admin.display(description=gettext_lazy("Payload"))
    def payload_as_json(self, obj: Event) -> SafeString:
        return pretty_json(obj.payload)


@admin.register(Subscriber)
class SubscriberAdmin(BigList[Subscriber]):
    list_display = ("name", "position", "behind", "is_paused", "parked_events", "lost", "attempts", "retry_at")
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

    @admin.display(description=gettext_lazy("Behind the head"))
    def behind(self, obj: Subscriber) -> int:
        return int(getattr(obj, "lag", 0))

    @admin.display(description=gettext_lazy("Parked events"))
    def parked_events(self, obj: Subscriber) -> SafeString:
        return _counted(obj, "parkedevent", getattr(obj, "parked_count", 0))

    @admin.display(description=gettext_lazy("Lost to pruning"))
    def lost(self, obj: Subscriber) -> SafeString:
        return _counted(obj, "loggap", getattr(obj, "lost_count", 0))


def _counted(subscriber: Subscriber, rows: str, count: int) -> SafeString:
    page = reverse(f"admin:carillon_events_{rows}_changelist")
    return format_html('<a href="{}?subscriber__id__exact={}">{}</a>', page, subscriber.pk, count)


@admin.register(LogGap)
class LogGapAdmin(ReadOnly[LogGap]):
    """Parts of the log that paused subscribers will never read: pruned meanwhile."""

    list_display = ("subscriber", "after", "up_to", "events", "created_at")
    list_select_related = ("subscriber",)
    list_filter = ("subscriber", "created_at")
    ordering = ("-id",)


@admin.register(ParkedEvent)
class ParkedEventAdmin(ReadOnly[ParkedEvent]):
    list_display = ("id", "subscriber", "event_link", "what_went_wrong", "created_at", "retry_at")
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
    def what_went_wrong(self, obj: ParkedEvent) -> str:
        """The last line of a traceback says what it was."""
        return Truncator((obj.error.strip().splitlines() or [_("not said")])[-1]).chars(160)

    @admin.display(description=gettext_lazy("Error"))
    def error_text(self, obj: ParkedEvent) -> SafeString:
        return format_html("<pre>{}</pre>", obj.error)


@admin.register(HardwareReading)
class HardwareReadingAdmin(ReadOnly[HardwareReading]):
    list_display = ("host", "kind", "name", "value", "told_threshold", "told_at", "observed_at")
    list_filter = ("kind",)
    search_fields = ("host", "name")
