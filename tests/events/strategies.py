"""JSON as publishers send it, and what is not quite JSON."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# Neither NUL nor a lone surrogate: text that both databases can hold.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12
)
PAYLOADS = st.dictionaries(TEXT, VALUES, max_size=5)


def nested(depth: int) -> dict[str, object]:
    """An object whose innermost object is at this depth; the outermost is at 1."""
    payload: dict[str, object] = {}
    for _ in range(depth - 1):
        payload = {"in": payload}
    return payload


def buried(value: object) -> st.SearchStrategy[dict[str, object]]:
    """The value somewhere inside a payload."""
    places = st.recursive(
        st.just(value),
        lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(TEXT, inner, min_size=1, max_size=2),
        max_leaves=4,
    )
    return st.dictionaries(TEXT, places, min_size=1, max_size=2)


def rounded(value: Any) -> Any:
    """Numbers as any JSON reader takes them: PostgreSQL gives 1e+23 back as a whole number."""
    match value:
        case bool() | None | str():
            return value
        case int() | float():
            return float(value)
        case dict():
            return {key: rounded(inner) for key, inner in value.items()}
        case _:
            return [rounded(inner) for inner in value]
