"""Base classes and searches of admin pages over big and append-only tables."""

import functools
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, TypeVar

from django.contrib import admin
from django.contrib.humanize.templatetags.humanize import naturaltime
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import BooleanField, DateTimeField, Field, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events import accounts, audit
from events.entities import parsed_entity, whole_number
from events.models import EventType
from events.rules import channel_names

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


class InWords(admin.FieldListFilter):
    """Mixin of filters that shows identifiers among the choices as words."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": words(str(choice["display"]))}


class Values(InWords, admin.AllValuesFieldListFilter):
    pass


@functools.cache
def _column(field: Any) -> Callable[[Model], Any]:
    """A column in words: when in relation to now, a flag only where it is on, people by their full names."""

    @admin.display(description=field.verbose_name, ordering=field.name, empty_value="")
    def column(obj: Model) -> Any:
        value = getattr(obj, field.name)
        if isinstance(value, bool):
            return _("Yes") if value else ""
        if isinstance(value, datetime):
            return ago(value)
        return accounts.full_name(value) if isinstance(value, accounts.User) else value

    column.__name__ = field.name
    return column


def _is_person(field: Any) -> bool:
    return isinstance(field.related_model, type) and issubclass(field.related_model, accounts.User)


class PlainLookups(admin.ModelAdmin[M]):
    """A list that can be read, and that no address filters by a pattern: SQLite runs those in this process, for as long
    as they take."""

    class Media:
        css = {"all": ("carillon/admin.css",)}

    # Columns to filter by in no way: `?digest__startswith=a` would tell them letter by letter.
    unasked: tuple[str, ...] = ()

    def get_list_display(self, request: HttpRequest) -> Any:
        return self._columns(super().get_list_display(request))

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return self._columns(super().get_sortable_by(request))

    def _columns(self, names: Sequence[Any]) -> list[Any]:
        shown: dict[Any, Field[Any, Any]] = {
            field.name: field
            for field in self.opts.fields
            if field.name not in self.list_editable
            and (isinstance(field, BooleanField | DateTimeField) or _is_person(field))
        }
        return [_column(shown[name]) if name in shown else name for name in names]

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


def by_source(term: str, *, otherwise: Q) -> Q:
    """Rows that have a source: by their number, by it (`job:42`), or as `otherwise` says."""
    number, about = whole_number(term), parsed_entity(term)
    if number is not None:
        return Q(pk=number)
    if about is None:
        return otherwise
    found = Q(**about.columns("source_entity"))
    # What has a colon in it may be the name of something, too.
    return found if isinstance(about.id, int) else found | otherwise


def type_named(event_type: EventType) -> SafeString:
    return format_html("{}<br><code>{}</code>", event_type, event_type.name)


def user_ids(term: str) -> list[int]:
    meant = accounts.matching(term)
    number = whole_number(term)
    if number is not None:
        meant |= Q(pk=number)
    return list(accounts.everyone().filter(meant).order_by("pk").values_list("pk", flat=True)[:MOST_PEOPLE])


def words(identifier: str) -> str:
    """A channel by its label; `my_module` as My module."""
    return str(dict(channel_names.labels()).get(identifier) or capfirst(identifier.replace("_", " ")))


def ago(at: datetime) -> SafeString:
    exact = f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, naturaltime(at))


def clamped(text: str) -> SafeString:
    """Text of two lines at most, whole on hovering."""
    return format_html('<bdi class="clamp" title="{0}">{0}</bdi>', text)


def code(text: object) -> SafeString | str:
    """An identifier, which is there to be copied."""
    return format_html("<code>{}</code>", text) if text else ""


def link(page: str, key: int | None, text: object = None) -> SafeString | str:
    """A link to a row's own admin page, without loading the row."""
    if key is None:
        return "–"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{page}_change", args=[key]), text or key)


def pretty_json(value: Any) -> SafeString:
    return format_html("<pre>{}</pre>", json.dumps(value, indent=2, ensure_ascii=False)[:MOST_JSON])
