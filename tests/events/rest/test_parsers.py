"""Bodies that are looked at before they are parsed."""

from __future__ import annotations

import pytest

from events.rest.errors import BadBodyError
from events.rest.parsers import MAX_BODY, MAX_DEPTH, parse


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b'{"a": 1,}', "invalid_json"),
        (b'"\xff"', "invalid_json"),
        (b'"\x00"', "invalid_json"),
        (b"\xef\xbb\xbf{}", "invalid_json"),
        ("{}".encode("utf-16"), "invalid_json"),
        (b'{"a": NaN}', "nan"),
        (b"[-Infinity]", "nan"),
        (b"9" * 5000, "invalid_number"),
        (b"[" * 200 + b"]" * 200, "too_deep"),
        (b"[" * 1_000_000, "too_deep"),
    ],
)
def test_what_is_no_acceptable_json_is_named(body, code):
    with pytest.raises(BadBodyError) as refused:
        parse(body)
    assert refused.value.get_codes() == code


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (rb'{"a": [{"b": "x\u0000"}]}', "nul", "a[0].b"),
        (rb'{"a": "\ud800"}', "surrogate", "a"),
        (rb'{"a": "\udc00\ud800"}', "surrogate", "a"),
        (rb'{"a": {"\u0000": 1}}', "nul", "a"),
        (rb'"\u0000"', "nul", "body"),
    ],
)
def test_text_that_can_not_be_stored_is_refused_by_its_place(body, code, field):
    with pytest.raises(BadBodyError) as refused:
        parse(body)
    assert (refused.value.get_codes(), refused.value.field) == (code, field)


def test_pairs_and_escaped_escapes_are_text():
    assert parse(rb'["\ud83d\ude00", "\\u0000", "\\ud800"]') == ["\U0001f600", "\\u0000", "\\ud800"]


def test_brackets_in_texts_are_not_depth():
    assert parse(b'["' + b"[" * 500 + b'\\"{"]') == ["[" * 500 + '"{']


def test_the_deepest_accepted_body_is_parsed():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@pytest.mark.parametrize("piece", [b'"', b'\\"', b'"\\', b"[]", b'{"'])
@pytest.mark.timeout(60)
def test_no_body_costs_the_square_of_its_length(piece):
    """It would take hours."""
    with pytest.raises(BadBodyError):
        parse(b"[" * 65 + b'"' + piece * (MAX_BODY // len(piece)))


@pytest.mark.timeout(60)
def test_a_long_name_costs_nothing_for_each_text_below_it():
    """It would take minutes."""
    with pytest.raises(BadBodyError) as refused:
        parse(b'{"' + b"k" * 7_000_000 + b'":[' + b'"",' * 190_000 + rb'"\u0000"]}')
    assert refused.value.get_codes() == "nul"


def test_one_layer_more_than_accepted_is_refused_however_it_is_built():
    for deep in (b"[" * 65 + b"]" * 65, b'{"a":[],"b":' * 65 + b"1" + b"}" * 65, b"[[]," * 64 + b"[[]]" + b"]" * 64):
        with pytest.raises(BadBodyError):
            parse(deep)
