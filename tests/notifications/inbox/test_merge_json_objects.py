"""Objects spelled apart read as one."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from notifications.inbox.frames import merge_json_objects

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), VALUES))
def test_merged_texts_read_as_the_merged_objects(merged):
    parts = [dict(list(merged.items())[part::3]) for part in range(3)]
    assert json.loads(merge_json_objects(*map(json.dumps, parts))) == merged


def test_nothing_merges_to_an_empty_object():
    assert merge_json_objects() == merge_json_objects("{}", "{}") == "{}"
