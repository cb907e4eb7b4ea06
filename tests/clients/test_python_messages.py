"""Types of the Python client: the fields of the OpenAPI document, no more and no fewer."""

from __future__ import annotations

from typing import Any

import pytest
from carillon_client import Event, NewEvent, Notification

from tests.api_client import V1

TYPES: dict[str, Any] = {"EventIn": NewEvent, "EventOut": Event, "NotificationOut": Notification}


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_fields_of_the_document(client, db, name):
    schemas = client.get(f"{V1}/schema").json()["components"]["schemas"]
    known = schemas.get(f"{name}Request") or schemas[name]
    assert TYPES[name].__annotations__.keys() == known["properties"].keys()
    assert TYPES[name].__required_keys__ == set(known["required"])
