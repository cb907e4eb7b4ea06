"""Every table that keeps something of a person is exported and erased, or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model
from django.db.models import Field, Model

from delivery.privacy.tables import ELSEWHERE, EXEMPT, NAMED_IN, OWNED

# What a column is called that says somebody's number or address, whatever its type.
LIKE_A_PERSON = re.compile(r"user|person|people|actor|author|recipient|email|mailbox|publisher|operator|acknowledge")


def names_somebody(field: Field[Any, Any]) -> bool:
    return field.related_model is get_user_model() or bool(LIKE_A_PERSON.search(field.attname))


def columns(*models: type[Model]) -> Iterator[tuple[type[Model], str]]:
    for model in models:
        yield from ((model, field.attname) for field in model._meta.concrete_fields if names_somebody(field))


def unknown(*models: type[Model]) -> list[str]:
    """Columns of these tables that sound like a person and that nobody sees to."""
    known = {(table.model, table.lookup) for table in (*OWNED, *NAMED_IN)}
    return [
        f"{model._meta.db_table}.{name}"
        for model, name in columns(*models)
        if (model, name) not in known
        and name not in ELSEWHERE.get(model._meta.db_table, ())
        and f"{model._meta.db_table}.{name}" not in EXEMPT
    ]


def test_each_column_is_seen_to_or_exempt():
    ours = [one for one in apps.get_models() if one._meta.app_label.startswith("carillon_")]
    assert unknown(*ours) == []


def test_a_new_table_with_a_person_is_noticed():
    # The project's own table of people's groups: of no use here but that nobody sees to it.
    assert unknown(get_user_model().groups.through) != []


def test_what_is_exempt_is_there():
    there = {f"{model._meta.db_table}.{field.attname}" for model in apps.get_models() for field in model._meta.fields}
    assert set(EXEMPT) <= there
