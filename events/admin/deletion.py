"""Deletions in the admin: rows that would go along are counted, a line for each table, not for each row."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.db.models import CASCADE, PROTECT, RESTRICT, Model, Q, QuerySet
from django.db.models.deletion import get_candidate_relations_to_delete
from django.http import HttpRequest
from django.utils.text import capfirst

MOST_NAMED = 5
# Lines, numbers by table, tables that the admin may not delete from, rows that forbid it: what Django's page asks for.
Deleted = tuple[list[Any], dict[str, int], set[str], list[str]]


def counted(objs: Iterable[Model], request: HttpRequest, *, site: AdminSite) -> Deleted:
    named = list(objs)
    going: dict[type[Model], Q] = {}
    protected: list[str] = []
    for model in {type(one) for one in named}:
        rows = model._base_manager.filter(pk__in=[one.pk for one in named])
        _follow(rows, going=going, protected=protected, above=(model,))
    numbers = {model: model._base_manager.filter(rows).count() for model, rows in going.items()}
    numbers = {model: number for model, number in numbers.items() if number}
    counts = {str(model._meta.verbose_name_plural): number for model, number in numbers.items()}
    kept = {
        str(model._meta.verbose_name)
        for model in numbers.keys() | {type(one) for one in named}
        if site.is_registered(model) and not site.get_model_admin(model).has_delete_permission(request)
    }
    lines = [f"{capfirst(name)}: {number}" for name, number in sorted(counts.items())]
    return [*map(str, named), lines], counts, kept, protected


def _follow(
    rows: QuerySet[Any], *, going: dict[type[Model], Q], protected: list[str], above: tuple[type[Model], ...]
) -> None:
    relations: Iterable[Any] = get_candidate_relations_to_delete(rows.model._meta)
    for relation in relations:
        model, rule = relation.related_model, relation.field.remote_field.on_delete
        condition = Q(**{f"{relation.field.name}__in": rows})
        theirs = model._base_manager.filter(condition)
        if rule in (PROTECT, RESTRICT):
            protected += map(str, theirs[:MOST_NAMED])
        elif rule is CASCADE and model not in above:
            going[model] = going.get(model, Q()) | condition
            _follow(theirs, going=going, protected=protected, above=(*above, model))
