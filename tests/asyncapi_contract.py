"""The AsyncAPI document's word on single messages. Nothing but what it names may be in one."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator

from delivery.api import asyncapi

SITE = "https://carillon.example.com"


def document() -> dict[str, Any]:
    return asyncapi.document("config.urls", SITE, "1")


@lru_cache(maxsize=1)
def _strict() -> dict[str, Any]:
    """Schemas of the document that refuse what they don't name."""
    schemas: dict[str, Any] = copy.deepcopy(document()["components"]["schemas"])
    for schema in schemas.values():
        schema.setdefault("additionalProperties", False)
    return schemas


@lru_cache
def _validator(operation: str) -> Draft7Validator:
    names = [message["$ref"].rpartition("/")[2] for message in document()["operations"][operation]["messages"]]
    options = [{"$ref": f"#/components/schemas/{name}"} for name in names]
    return Draft7Validator({"oneOf": options, "components": {"schemas": _strict()}})


def errors(message: dict[str, Any], *, operation: str) -> list[str]:
    """Reasons for which this is no message of an operation."""
    return [
        f"{inner.json_path}: {inner.message}"
        for error in _validator(operation).iter_errors(message)
        for inner in error.context or [error]
    ]
