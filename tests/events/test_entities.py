"""What an event can be about."""

from __future__ import annotations

import contextlib

import pytest
from django.contrib.auth import get_user_model
from hypothesis import given
from hypothesis import strategies as st

from events.entities import BIGINT_MAX, Entity, entity_of, parse_entity
from events.errors import EntityRefused
from tests.accounts.factory import new_person

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True)
IDS = st.integers(0, BIGINT_MAX)


@given(NAMES, IDS)
def test_an_entity_reads_back_from_its_own_text(name, key):
    assert parse_entity(str(Entity(name, key))) == Entity(name, key)


@given(st.text())
def test_any_text_is_an_entity_or_refused(text):
    with contextlib.suppress(EntityRefused):
        assert str(parse_entity(text)).startswith(text.partition(":")[0])


@given(st.text())
def test_a_name_is_lower_case_letters_digits_and_underscores(name):
    with contextlib.suppress(EntityRefused):
        assert set(Entity(name, 1).type) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")


@pytest.mark.parametrize("key", [-1, BIGINT_MAX + 1, True, 1.0, "1", None])
def test_an_id_is_a_whole_number_of_64_bits(key):
    with pytest.raises(EntityRefused, match="is not a whole number"):
        Entity("job", key)


@pytest.mark.parametrize(
    "text", ["job", "job:", ":1", "job:-1", "job:1.5", "Job:1", "job:١", "job:1:2", "job:" + "9" * 5000]
)
def test_what_is_no_entity_is_refused(text):
    with pytest.raises(EntityRefused):
        parse_entity(text)


def test_a_model_instance_stands_for_its_name_and_key():
    assert entity_of(new_person(pk=7)) == Entity(get_user_model()._meta.model_name or "", 7)


@pytest.mark.parametrize("source", [new_person(), "job:1", 5, object()])
def test_what_stands_for_no_entity_is_refused(source):
    with pytest.raises(EntityRefused):
        entity_of(source)
