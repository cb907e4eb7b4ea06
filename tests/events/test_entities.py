"""What an event can be about."""

from __future__ import annotations

import contextlib

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from hypothesis import given
from hypothesis import strategies as st

from events.entities import BIGINT_MAX, Entity, entity_of, parse_entity, stored_id
from events.errors import EntityRefused
from events.models import Event
from tests.accounts.factory import new_person

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
# Printable and without spaces, beside what numbers look like.
KEYS = st.text(st.characters(min_codepoint=33, exclude_categories=("C", "Z")), min_size=1, max_size=200).filter(
    lambda text: not {".", ".."} & set(text.split("/"))
)
LIKE_NUMBERS = st.from_regex(r"[-+]?[0-9]{1,25}", fullmatch=True)
IDS = st.integers(0, BIGINT_MAX) | KEYS | LIKE_NUMBERS


@given(NAMES, IDS)
def test_an_entity_reads_back_from_its_own_text(name, key):
    entity = Entity(name, key)
    assert parse_entity(str(entity)) == entity
    assert str(entity) == f"{name}:{key}"


@given(st.integers(0, 2 * BIGINT_MAX) | KEYS | LIKE_NUMBERS)
def test_a_number_is_what_is_written_as_one_and_fits_and_all_else_is_text(key):
    numbers = isinstance(key, str) and key.isascii() and key.isdigit() and (key == "0" or key[0] != "0")
    is_number = (numbers or isinstance(key, int)) and int(key) <= BIGINT_MAX
    assert parse_entity(f"job:{key}").id == (int(key) if is_number else str(key))


@pytest.mark.parametrize("key", ["007", "-1", "1.0", "+1", "1e3", "٣", str(BIGINT_MAX + 1), "1:2", "a/b", "..."])
def test_what_is_no_plain_number_is_text(key):
    assert parse_entity(f"job:{key}") == Entity("job", key) != Entity("job", 7)
    assert Entity("job", key).id == key


@given(st.text())
def test_any_text_is_an_entity_or_refused(text):
    with contextlib.suppress(EntityRefused):
        assert str(parse_entity(text)).startswith(text.partition(":")[0])


@given(st.text())
def test_a_name_is_lower_case_letters_digits_and_underscores(name):
    with contextlib.suppress(EntityRefused):
        assert set(Entity(name, 1).type) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


NO_IDS = [
    -1,
    BIGINT_MAX + 1,
    True,
    1.0,
    None,
    b"a",
    "",
    "a b",
    "a\n",
    "a\0",
    "a\u200b",
    "\ud800",
    "a\u00a0b",
    "x" * 201,
]


@pytest.mark.parametrize("key", [*NO_IDS, ".", "..", "a/../b", "./a", "a/.."])
def test_an_id_is_a_whole_number_of_64_bits_or_a_short_printable_text(key):
    with pytest.raises(EntityRefused, match=r"a whole number between 0 and 2.63-1, or text of 1 to 200 printable"):
        Entity("job", key)


@given(IDS)
def test_the_columns_of_an_id_read_back_as_it(key):
    entity = Entity("job", key)
    columns = entity.columns("source_entity")
    assert Event(**columns).source == entity
    assert len(columns) == 2
    assert stored_id(columns.get("source_entity_id"), columns.get("source_entity_key")) == entity.id


@pytest.mark.parametrize(
    "text", ["job", "job:", ":1", "job: 1", "job:a b", "Job:1", "job:1\n", " job:1", "job:" + "9" * 5000]
)
def test_what_is_no_entity_is_refused(text):
    with pytest.raises(EntityRefused):
        parse_entity(text)


def test_a_model_instance_stands_for_its_name_and_key():
    assert entity_of(new_person(pk=7)) == Entity(get_user_model()._meta.model_name or "", 7)
    assert entity_of(Session(session_key="3f2c")) == Entity("session", "3f2c")


@pytest.mark.parametrize("source", [new_person(), "job:1", 5, object()])
def test_what_stands_for_no_entity_is_refused(source):
    with pytest.raises(EntityRefused):
        entity_of(source)
