"""Addresses without their secrets, and deliveries with every attempt: to look at, and to send again."""

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from delivery import reasons
from delivery.admin.explain import explain_view
from delivery.models import Address, Attempt, Delivery, Server
from delivery.outbox import outbox
from delivery.outbox.rescue import rescue as rescue_expired
from events import accounts, rendering
from events.admin.base import ReadOnly, Values, clamped, link, traced_action, user_ids, words
from events.db import clock
from events.entities import whole_number
from events.models import Event
from events.rest.converters import path

MOST_AT_ONCE = 1000


class Reasons(admin.AllValuesFieldListFilter):
    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            said = str(choice["display"])
            yield {**choice, "display": reasons.sentence(said) if said in self.lookup_choices else said}


@admin.register(Address)
class AddressAdmin(ReadOnly[Address]):
    """Addresses to look at: their owners change them. Secrets are on no page."""

    list_display = ("shown_target", "user", "channel", "state", "why", "last_success_at", "failures")
    list_select_related = ("user",)
    list_filter = (
        ("kind", Values),
        "is_enabled",
        ("verified_at", admin.EmptyFieldListFilter),
        ("disabled_reason", Reasons),
    )
    search_fields = ("target",)
    search_help_text = gettext_lazy("A part of the address, or a username, an e-mail address or a user id")
    ordering = ("-id",)
    unasked = ("target", "secret", "previous_secret")
    exclude = (*unasked, "kind", "disabled_reason")
    readonly_fields = ("shown_target", "channel", "state", "why")
    actions = ("resend_dead",)

    def meant(self, term: str) -> Q:
        return Q(target__icontains=term) | Q(user_id__in=user_ids(term))

    @admin.display(description=gettext_lazy("Address"), ordering="target")
    def shown_target(self, obj: Address) -> SafeString:
        return clamped(obj.masked_target)

    @admin.display(description=gettext_lazy("Channel"), ordering="kind")
    def channel(self, obj: Address) -> str:
        return words(obj.kind)

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: Address) -> str:
        if not obj.is_enabled:
            return _("Paused")
        return _("Not confirmed") if obj.verified_at is None else _("Failing") if obj.failures else _("Working")

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Address) -> SafeString | str:
        return clamped(reasons.sentence(obj.disabled_reason)) if obj.disabled_reason else ""

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carillon_delivery.change_delivery")

    @traced_action(gettext_lazy("Retry the failed deliveries of these"), permissions=["resend"])
    def resend_dead(self, request: HttpRequest, queryset: QuerySet[Address]) -> list[Delivery]:
        dead = Delivery.objects.filter(address__in=queryset.order_by(), state=Delivery.State.DEAD)
        return send_again(self, request, dead)


@admin.register(Server)
class ServerAdmin(ReadOnly[Server]):
    """Servers of ours. While one fails, what goes over it waits, and is sent as soon as it works again."""

    list_display = ("named", "state", "why", "failing_since", "open_until", "last_success_at")
    exclude = ("reason",)
    readonly_fields = ("why",)

    @admin.display(description=gettext_lazy("Name"), ordering="name")
    def named(self, obj: Server) -> str:
        return words(obj.name).replace("Smtp", "SMTP")

    @admin.display(description=gettext_lazy("State"))
    def state(self, obj: Server) -> str:
        return _("Failing") if obj.failures else _("Working")

    @admin.display(description=gettext_lazy("Last failure"))
    def why(self, obj: Server) -> SafeString:
        return clamped(reasons.sentence(obj.reason))


class AttemptInline(admin.TabularInline[Attempt, Delivery]):
    model = Attempt
    extra = 0
    fields = ("number", "started_at", "outcome", "ms", "http_status", "why", "next_at", "connected_to", "excerpt")
    readonly_fields = fields
    ordering = ("id",)

    def has_view_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return request.user.has_perm("carillon_delivery.view_delivery")

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Attempt) -> str:
        return reasons.sentence(obj.reason) or "–"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly[Delivery]):
    list_display = ("id", "about", "state", "why", "created_at", "person", "target", "tried")
    list_select_related = (
        "address__user",
        "address__server",
        "notification__event__event_type",
        "notification__event__actor_user",
        "event__event_type",
        "event__actor_user",
        "summary",
    )
    list_filter = ("state", ("kind", Values), "purpose", "created_at")
    search_fields = ("id",)
    search_help_text = gettext_lazy("A delivery id, a part of an address, a username or an e-mail address")
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering = ("-id",)
    inlines = (AttemptInline,)
    exclude = ("reason", "address", "notification", "event", "body", "claim_token")
    unasked = ("body",)
    readonly_fields = ("why", "person", "address_link", "event_link", "sent_body")
    actions = ("resend", "rescue")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(explain_view)
        return [path("explain/<bigint:event_id>/", view, name="carillon_delivery_explain"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        queryset = super().get_queryset(request)
        is_list = request.resolver_match is not None and str(request.resolver_match.url_name).endswith("_changelist")
        if not is_list:
            return queryset
        last = Attempt.objects.filter(delivery=OuterRef("pk")).order_by("-id").values("reason")[:1]
        return queryset.defer("body").annotate(attempt_count=Count("attempts"), last_reason=Subquery(last))

    def meant(self, term: str) -> Q:
        number = whole_number(term)
        if number is not None:
            return Q(pk=number)
        return Q(address__target__icontains=term) | Q(address__user_id__in=user_ids(term))

    def has_resend_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("carillon_delivery.change_delivery")

    @traced_action(gettext_lazy("Retry"), permissions=["resend"])
    def resend(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> list[Delivery]:
        return send_again(self, request, queryset)

    @traced_action(gettext_lazy("Rescue: take back from workers whose time is up"), permissions=["resend"])
    def rescue(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> list[Delivery]:
        """Workers that died keep theirs until the lease ends; the sweep does the same every second."""
        rescued = rescue_expired(now=clock.estimate(), only=newest(queryset))
        self.message_user(request, _("Taken back: %(count)d.") % {"count": len(rescued)}, messages.SUCCESS)
        return without_bodies(rescued)

    @admin.display(description=gettext_lazy("Person"))
    def person(self, obj: Delivery) -> str:
        return accounts.full_name(obj.address.user) if obj.address.user else "–"

    @admin.display(description=gettext_lazy("Address"))
    def target(self, obj: Delivery) -> SafeString:
        return clamped(f"{words(obj.kind)} · {obj.address.masked_target}")

    @admin.display(description=gettext_lazy("About"))
    def about(self, obj: Delivery) -> SafeString:
        if event := _event_of(obj):
            return clamped(rendering.render(event, event.event_type).shown_title)
        return clamped(obj.summary.get_kind_display() if obj.summary else words(obj.purpose))

    @admin.display(description=gettext_lazy("Attempts"))
    def tried(self, obj: Delivery) -> int:
        return int(getattr(obj, "attempt_count", obj.tries))

    @admin.display(description=gettext_lazy("Why"))
    def why(self, obj: Delivery) -> SafeString:
        return clamped(reasons.sentence(obj.wait[1] or getattr(obj, "last_reason", "")))

    @admin.display(description=gettext_lazy("Address"))
    def address_link(self, obj: Delivery) -> SafeString | str:
        return link("carillon_delivery_address", obj.address_id, obj.address.masked_target)

    @admin.display(description=gettext_lazy("Event"))
    def event_link(self, obj: Delivery) -> SafeString | str:
        event = _event_of(obj)
        return link("carillon_events_event", event.pk if event else None)

    @admin.display(description=gettext_lazy("What is sent"))
    def sent_body(self, obj: Delivery) -> str:
        """The first part of the frozen bytes; empty until the first claim."""
        return bytes(obj.body or b"")[:4000].decode(errors="replace") or "–"


def _event_of(row: Delivery) -> Event | None:
    return row.notification.event if row.notification else row.event


def newest(chosen: QuerySet[Delivery]) -> list[int]:
    rows = Delivery.objects.filter(pk__in=chosen.order_by().values("pk")).order_by("-id")
    return list(rows.values_list("id", flat=True)[:MOST_AT_ONCE])


def without_bodies(ids: list[int]) -> list[Delivery]:
    return list(Delivery.objects.filter(pk__in_set=ids).defer("body"))


def send_again(page: admin.ModelAdmin[Any], request: HttpRequest, chosen: QuerySet[Delivery]) -> list[Delivery]:
    sent = outbox.resend(newest(chosen), now=clock.estimate())
    count = len(sent)
    text = ngettext("%(count)d delivery is on its way again.", "%(count)d deliveries are on their way again.", count)
    page.message_user(request, text % {"count": count}, messages.SUCCESS if count else messages.WARNING)
    return without_bodies(sent)
