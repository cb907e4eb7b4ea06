"""Requests of the admin with one thing wrong in each: each page of each model, other apps' too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django import forms
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import DateTimeField
from django.test import RequestFactory
from django.urls import reverse

from events.models import EventType
from tests.hostile import values
from tests.hostile.api_requests import Sent
from tests.hostile.page_requests import FORM

OF_LISTS = ("q", "p", "o", "e", "all", "_facets", "_to_field")
LOOKUPS = {"": "18446744073709551616", "__in": "1,x,18446744073709551616"}
OF_TIMES = {"__year": "99999999999", "__gte": "9999-12-31T23:59:59Z"}
OF_EXPLAIN = ("user", "after")
OF_PREVIEW = "/admin/carillon_events/eventtype/1/preview/"
PLACES = ("", "/", "/change/", "/delete/", "/history/")


def requests(user: Any) -> Iterator[Sent]:
    for model, page in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        listed = reverse(f"admin:{name}_changelist")
        yield from _lists(page, listed, user=user)
        yield from _objects(listed)
        if page.has_add_permission(asking(user)):
            yield from _forms(page, reverse(f"admin:{name}_add"), user=user)
        if (row := model._default_manager.first()) is not None and page.has_change_permission(asking(user)):
            yield from _forms(page, reverse(f"admin:{name}_change", args=[quote(str(row.pk))]), user=user, row=row)
    types = admin.site.get_model_admin(EventType)
    for address in (reverse("admin:carillon_events_eventtype_preview"), OF_PREVIEW):
        yield from _forms(types, address, user=user, more={"part": "preview"})
        yield from _forms(
            types, address, user=user, more={"part": "preview", "dry_run": "true", "about-source": "job:1"}
        )
    yield from _others()


def asking(user: Any) -> Any:
    request = RequestFactory().get("/admin/")
    request.user = user
    return request


def _lists(page: ModelAdmin[Any], listed: str, *, user: Any) -> Iterator[Sent]:
    for name in OF_LISTS:
        for value in values.FEWEST:
            yield Sent("get", f"{listed}?{name}={value}")
    for field in page.opts.fields:
        lookups = LOOKUPS | (OF_TIMES if isinstance(field, DateTimeField) else {})
        for lookup, value in lookups.items():
            yield Sent("get", f"{listed}?{field.name}{lookup}={value}")
    for value in values.FEW:
        for action in (*page.get_actions(asking(user)), value):
            yield Sent("post", listed, f"action={action}&_selected_action={value}&index={value}", FORM)
        edited = f"_save=1&form-TOTAL_FORMS={value}&form-INITIAL_FORMS={value}&form-0-id={value}"
        yield Sent("post", listed, edited, FORM)
        yield Sent("post", listed, f"_save=1&form-TOTAL_FORMS=1&form-INITIAL_FORMS=1&form-0-id={value}", FORM)


def _objects(listed: str) -> Iterator[Sent]:
    for value in values.FEWEST:
        for place in PLACES:
            yield Sent("get", f"{listed}{value}{place}")
        yield Sent("post", f"{listed}{value}/delete/", "post=yes", FORM)


def _forms(
    page: ModelAdmin[Any], address: str, *, user: Any, row: Any = None, more: dict[str, str] | None = None
) -> Iterator[Sent]:
    is_ours = page.opts.app_label.startswith("carillon")
    form = page.get_form(asking(user), row, change=row is not None)
    good: dict[str, str] = {**(more or {})}
    for name, field in form.base_fields.items():
        if isinstance(field.widget, AdminSplitDateTime):
            good |= {f"{name}_0": "2026-01-01", f"{name}_1": "12:00:00"}
        else:
            good[name] = sample_of(name, field)
    for name in good:
        for value in (*values.FEW, *values.JSON_IN_FORMS) if is_ours else values.FEWEST:
            sent = {key: quote(text) for key, text in good.items()} | {name: value}
            yield Sent("post", address, "&".join(f"{key}={text}" for key, text in sent.items()), FORM)


def sample_of(name: str, field: Any) -> str:
    if isinstance(field, forms.ModelChoiceField):
        first = field.queryset.first() if field.queryset is not None else None
        return str(first.pk) if first else ""
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        return str(next((key for key, _label in choices if key), ""))
    if isinstance(field, forms.IntegerField):
        return "1"
    if isinstance(field, forms.BooleanField):
        return "on"
    return {
        "name": "zoo.open",
        "category": "zoo",
        "entity_type": "job",
        "schema": "",
        "sample": "{}",
        "email": "a@b.example",
    }.get(name, "1")


def _others() -> Iterator[Sent]:
    for value in values.FEW:
        yield Sent("get", f"/admin/{value}")
        yield Sent("get", f"/admin/{value}/")
        yield Sent("get", f"/admin/r/{value}/{value}/")
        yield Sent("get", f"/admin/r/1/{value}/")
        for name in ("app_label", "model_name", "field_name", "term", "page"):
            good = {"app_label": "auth", "model_name": "user", "field_name": "groups", "term": "x", "page": "1"}
            query = "&".join(f"{key}={text}" for key, text in (good | {name: value}).items())
            yield Sent("get", f"/admin/autocomplete/?{query}")
        yield Sent("get", f"/admin/jsi18n/?language={value}")
        yield Sent("get", f"/admin/login/?next={value}")
        for name in ("username", "password", "next"):
            yield Sent("post", "/admin/login/", f"username=admin&password=x&{name}={value}", FORM)
        for name in OF_EXPLAIN:
            yield Sent("get", f"/admin/carillon_delivery/delivery/explain/1/?{name}={value}")
        yield Sent("get", f"/admin/carillon_delivery/delivery/explain/{value}/")
