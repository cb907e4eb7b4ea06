"""Base classes and searches of admin pages over big and append-only tables."""

import json
from collections.abc import Callable, Collection, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import accounts, audit
from events.entities import Entity, parse_entity, whole_number
from events.errors import EntityRefused

M = TypeVar("M", bound=Model)
TracedAction = Callable[[Any, HttpRequest, QuerySet[Any]], None]
MOST_COUNTED = 10_000
MOST_PEOPLE = 100
# Characters of JSON on a page: indented, a payload may be many times as long as it is stored.
MOST_JSON = 1_000_000


class BoundedPaginator(Paginator[M]):
    """Counts no further than `MOST_COUNTED` rows: a full count of a big table would cost more than the page."""

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        return rows.order_by()[:MOST_COUNTED].count() if isinstance(rows, QuerySet) else len(rows)


class PlainLookups(admin.ModelAdmin[M]):
    """A list that no address filters by a pattern: SQLite runs those in this process, for as long as they take."""

    # Columns to filter by in no way: `?digest__startswith=a` would tell them letter by letter.
    unasked: tuple[str, ...] = ()

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        is_asked = lookup.partition("__")[0] not in self.unasked and not lookup.endswith(("__regex", "__iregex"))
        return is_asked and super().lookup_allowed(lookup, value, request)


class BigList(PlainLookups[M]):
    """A list whose cost doesn't grow with its table."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer = super().changelist_view(request, extra_context)
        shown = getattr(answer, "context_data", None) or {}
        if "cl" in shown and shown["cl"].result_count >= MOST_COUNTED:
            subtitle = _("At most the first %(number)d; search and filters narrow them.")
            shown["subtitle"] = subtitle % {"number": MOST_COUNTED}
        return answer

    def meant(self, term: str) -> Q | None:
        """Rows that a search term means; None: those that `search_fields` find."""
        return None

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[M], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        term = search_term.strip()
        meant = self.meant(term) if term else Q()
        return super().get_search_results(request, queryset, term) if meant is None else (queryset.filter(meant), False)


class ReadOnly(BigList[M]):
    """Pages to look at. Rows are written by the bus and the router alone."""

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Columns, but those that are excluded, and then what is computed."""
        left_out = self.exclude or ()
        columns = [field.name for field in self.opts.fields if field.name not in left_out]
        return self.fields or [*columns, *self.readonly_fields]

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> Any:
        return self.get_fields(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Refuse it on this model's own pages. Elsewhere as usual: a person who is deleted takes their rows along."""
        page = request.resolver_match.url_name if request.resolver_match else None
        own = f"{self.opts.app_label}_{self.opts.model_name}_"
        return not (page or "").startswith(own) and super().has_delete_permission(request, obj)

    @admin.display(description=gettext_lazy("Event"))
    def event_link(self, obj: Any) -> SafeString | str:
        return link("carillon_events_event", obj.event_id)


def traced_action(
    description: Any, *, permissions: Sequence[str]
) -> Callable[[Callable[[Any, HttpRequest, QuerySet[Any]], Collection[Model]]], TracedAction]:
    """Decorator of an action that returns the rows it changed: each gets a log entry in the same transaction."""

    def decorate(act: Callable[[Any, HttpRequest, QuerySet[Any]], Collection[Model]]) -> TracedAction:
        @admin.action(description=description, permissions=permissions)
        @wraps(act)
        def run(page: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
            with transaction.atomic():
                audit.note(act(page, request, queryset), by=request.user.pk or 0, text=str(description))

        return run

    return decorate


def update_each(rows: QuerySet[M], **values: Any) -> list[M]:
    """Update these rows; which they were. Two queries."""
    changed = list(rows)
    rows.model._default_manager.filter(pk__in_set=[row.pk for row in changed]).update(**values)
    return changed


def parsed_entity(term: str) -> Entity | None:
    try:
        return parse_entity(term)
    except EntityRefused:
        return None


def by_source(term: str, *, otherwise: Q) -> Q:
    """Rows that have a source: by their number, by it (`job:42`), or as `otherwise` says."""
    number, about = whole_number(term), parsed_entity(term)
    if number is not None:
        return Q(pk=number)
    return otherwise if about is None else Q(source_entity_type=about.type, source_entity_id=about.id)


def user_ids(term: str) -> list[int]:
    meant = accounts.matching(term)
    number = whole_number(term)
    if number is not None:
        meant |= Q(pk=number)
    return list(accounts.everyone().filter(meant).order_by("pk").values_list("pk", flat=True)[:MOST_PEOPLE])


def link(page: str, key: int | None, text: object = None) -> SafeString | str:
    """A link to a row's own admin page, without loading the row."""
    if key is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[key]), text or key)


def pretty_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False)[:MOST_JSON])
