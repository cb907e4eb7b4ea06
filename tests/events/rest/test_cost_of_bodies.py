"""What a body costs is bounded by what is refused first: its values, its members, the length of its lists."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework import serializers

from events.errors import Refused
from events.rest.errors import MAX_DETAIL, BadBodyError, handle
from events.rest.fields import Distinct, Listed, Whole
from events.rest.parsers import MAX_VALUES, parse
from events.rest.strict import MAX_MEMBERS, MOST_NAMED, Strict
from tests.api_client import V1, as_, codes


class Member(Strict):
    number = Whole(required=False)


class Counting(Whole):
    """Counts the values it is asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def run_validation(self, data: object = serializers.empty) -> object:
        self.asked += 1
        return super().run_validation(data)


def errors_of(data: object) -> dict[str, Any]:
    checked = Member(data=data)
    assert not checked.is_valid()
    return dict(checked.errors)


def test_the_first_unknown_names_are_said_and_what_else_is_wrong():
    errors = errors_of({f"colour{number}": 1 for number in range(500)} | {"number": "x"})
    assert list(errors) == [*(f"colour{number}" for number in range(MOST_NAMED)), "number"]


def test_an_object_of_too_many_members_is_refused_before_any_is_looked_at():
    errors = errors_of(dict.fromkeys(map(str, range(MAX_MEMBERS + 1))))
    assert [error.code for error in errors["non_field_errors"]] == ["too_many_members"]


def test_as_many_members_as_there_may_be_are_looked_at():
    assert "too_many_members" not in str(errors_of(dict.fromkeys(map(str, range(MAX_MEMBERS)))))


@pytest.mark.parametrize("kind", [Listed, Distinct])
def test_a_list_that_is_too_long_is_refused_before_any_value_is_looked_at(kind):
    child = Counting()
    with pytest.raises(serializers.ValidationError) as refused:
        kind(child=child, max_length=3).run_validation(["x"] * 4)
    assert (refused.value.get_codes(), child.asked) == (["max_length"], 0)


@pytest.mark.parametrize("value", [b"1", b"[]", b'{"a":1}', b'{"a":{}}'])
def test_a_body_of_too_many_values_is_refused_unparsed(value):
    with pytest.raises(BadBodyError) as refused:
        parse(b"[" + b",".join([value] * MAX_VALUES) + b"]")
    assert refused.value.get_codes() == "too_many_values"


def test_commas_and_brackets_in_texts_are_no_values():
    assert parse(b'["' + b"[,{" * MAX_VALUES + b'"]') == ["[,{" * MAX_VALUES]


def test_one_event_of_the_largest_payload_may_have_any_number_of_values():
    most = (256 * 1024 - len('{"a":[]}')) // len("1,")
    assert len(parse(b'{"event_type":"x","payload":{"a":[' + b"1," * (most - 1) + b"1]}}")["payload"]["a"]) == most


def test_an_error_shows_no_more_of_a_value_than_anybody_reads():
    answer = handle(Refused("x" * 10_000, code="unknown_timezone", field="y" * 10_000), {})
    assert answer is not None
    [error] = answer.data["errors"]
    assert {len(text) for text in (answer.data["detail"], error["detail"], error["field"])} == {MAX_DETAIL}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("notifications/settings", dict.fromkeys(map(str, range(MAX_MEMBERS + 1))), {"": "too_many_members"}),
        ("notifications/settings", {"quiet_hours": ["x"] * 20_000}, {"quiet_hours": "max_length"}),
        ("notifications/settings", {"quiet_hours": [{"days": [0] * 20_000}]}, {"quiet_hours[0].days": "max_length"}),
        ("notifications/settings", {"digest_channels": [{}] * 20_000}, {"digest_channels": "max_length"}),
    ],
)
def test_the_api_refuses_what_would_cost_too_much(member, path, body, error):
    assert error.items() <= codes(as_(member).put(f"{V1}/{path}", body)).items()
