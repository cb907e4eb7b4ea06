"""A payload as rows: what people read of it, and no more than that."""

from __future__ import annotations

import tracemalloc

import pytest

from notifications.presentation.payload import MAX_FIELDS, MAX_NAME, MAX_TEXT, Field, fields_of, user_ids
from tests.events.strategies import nested


def test_what_is_nested_is_named_by_its_way():
    payload = {"file_bytes": 2048, "shot": {"name": "042", "take": {"number": 3}}, "tags": ["a", "b"], "no": {}}
    assert fields_of(payload) == [
        Field("File", "2.0\xa0KB"),
        Field("Shot / name", "042"),
        Field("Shot / take / number", "3"),
        Field("Tags", "a, b"),
        Field("No", "—"),
    ]


def test_people_are_named_and_never_numbered():
    payload = {"mentioned_user_ids": [1, 2, 9, "x"], "reviewer_user_id": 3, "shot": {"lead_user_id": 1}}
    assert fields_of(payload, people={1: "Alice Martin", 2: "Bob Keller"}) == [
        Field("Mentioned", "Alice Martin, Bob Keller"),
        Field("Lead", "Alice Martin"),
    ]
    assert fields_of(payload) == []
    assert user_ids(payload) == {1, 2, 3, 9}


def test_shares_have_their_sign():
    assert fields_of({"percent": 91.0, "ratio": 0.5}) == [Field("Percent", "91 %"), Field("Ratio", "0.5")]


def test_the_first_fields_are_shown_each_cut():
    payload = {"k" * 1000: {f"n{number}": "x" * 5000 for number in range(100)}}
    shown = fields_of(payload)
    assert len(shown) == MAX_FIELDS
    assert {(len(field.name), len(field.value)) for field in shown} == {(MAX_NAME, MAX_TEXT)}


def test_deep_payloads_are_shown_as_json_from_some_depth_on():
    [shown] = fields_of(nested(60))
    assert shown.value.startswith('{"in": {"in":')


@pytest.mark.parametrize(
    "payload",
    [
        {"k" * 100_000: {f"n{number}": number for number in range(10_000)}},
        {f"n{number}": {"text": "x"} for number in range(10_000)},
        {"k" * 5000: {"k" * 5000: {"k" * 5000: dict.fromkeys(map(str, range(10_000)), 1)}}},
    ],
    ids=["long name", "many", "long ways"],
)
def test_rows_take_little_memory_whatever_the_payload(payload):
    tracemalloc.start()
    fields_of(payload)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1_000_000
