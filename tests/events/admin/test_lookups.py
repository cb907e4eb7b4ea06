"""No list of the admin is filtered by a pattern in its address: one can hold a process for years."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.contrib.admin.sites import site
from django.db.models import CharField, JSONField, TextField
from django.urls import reverse
from django_celery_beat.models import PeriodicTask

from events.accounts import User
from events.bus import publish

OURS = [
    page
    for model, page in sorted(site._registry.items(), key=lambda entry: entry[0]._meta.label)
    if model._meta.app_label.startswith("carillon_") or model in (User, PeriodicTask)
]


@pytest.mark.parametrize("page", OURS, ids=lambda page: page.opts.label)
def test_a_pattern_is_refused(admin_client, page: ModelAdmin[Any]):
    columns = [column.name for column in page.opts.fields if isinstance(column, CharField | TextField)]
    keys = [f"{column.name}__key" for column in page.opts.fields if isinstance(column, JSONField)]
    address = reverse(f"admin:{page.opts.app_label}_{page.opts.model_name}_changelist")
    for column in [*columns, *keys]:
        for lookup in ("regex", "iregex"):
            assert admin_client.get(address, {f"{column}__{lookup}": "^(a+)+$"}).status_code == 400


def test_a_payload_is_not_searched_by_a_pattern_that_never_ends(admin_client):
    publish("job.completed", payload={"text": "a" * 60 + "!"})
    page = reverse("admin:carillon_events_event_changelist")
    assert admin_client.get(page, {"payload__text__regex": "^(a+)+$"}).status_code == 400
    assert admin_client.get(page, {"payload__text__startswith": "aa"}).status_code == 200
