"""Routes of the URLconf, each by its pattern without the types of what varies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.admin.sites import site
from django.urls import URLPattern, get_resolver

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def all_routes(patterns: Any = None, before: str = "/") -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(pattern.pattern).removeprefix("^").removesuffix("$")
        # The admin spells out which apps have pages.
        route = re.sub(r"\(\?P<app_label>[^)]*\)", "<app_label>", route).replace("(?P<url>.*)", "<url>")
        route = re.sub(r"<\w+:(\w+)>", r"<\1>", route)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from all_routes(pattern.url_patterns, route)


def path_of(route: str, arguments: Mapping[str, Any]) -> str:
    return re.sub(r"<(\w+)>", lambda found: str(arguments[found[1]]), route)


def admin_models() -> dict[str, type[Any]]:
    """Models with pages in the admin, each by the part of the address that is theirs."""
    return {f"{model._meta.app_label}/{model._meta.model_name}": model for model in site._registry}
