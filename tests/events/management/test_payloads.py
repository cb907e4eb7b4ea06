"""`manage.py payloads`: a type per event type, which a type checker takes."""

from __future__ import annotations

import re
import subprocess
import sys
from io import StringIO
from typing import Any

from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from events.management.payload_code import python, typescript
from events.management.payload_types import records
from events.models import EventType

KEYS = st.text(max_size=5) | st.sampled_from(["class", "x", "__x", "a-b", "None", "ª"])
SCALARS = st.sampled_from(
    [{}, True, False, {"type": "integer"}, {"type": ["string", "null"]}, {"enum": ["'", 1.5, None]}]
)
SCHEMAS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        inner.map(lambda items: {"type": "array", "items": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
        st.dictionaries(KEYS, inner, min_size=1, max_size=3).map(
            lambda fields: {"type": "object", "properties": fields}
        ),
    ),
    max_leaves=8,
)

RENDER: dict[str, Any] = {
    "type": "object",
    "required": ["frames", "a-b"],
    "properties": {
        "frames": {"type": "array", "items": {"$ref": "#/$defs/frame"}},
        "a-b": {"type": ["integer", "null"]},
        "state": {"enum": ["done", "failed", None]},
        "sizes": {"type": "object", "additionalProperties": {"type": "number"}},
    },
    "$defs": {
        "frame": {
            "type": "object",
            "required": ["number"],
            "properties": {"number": {"type": "integer"}, "next": {"$ref": "#/$defs/frame"}},
        }
    },
}
PYTHON = """\
class RenderDonePayloadFramesItem(TypedDict):
    number: int
    next: NotRequired[RenderDonePayloadFramesItem]


# It is rendered.
RenderDonePayload = TypedDict(
    'RenderDonePayload',
    {
        'frames': 'list[RenderDonePayloadFramesItem]',
        'a-b': 'int | None',
        'state': "NotRequired[Literal['done', 'failed', None]]",
        'sizes': 'NotRequired[dict[str, float]]',
    },
)
"""
TYPESCRIPT = """\
export interface RenderDonePayloadFramesItem {
  "number": number;
  "next"?: RenderDonePayloadFramesItem;
}

// It is rendered.
export interface RenderDonePayload {
  "frames": Array<RenderDonePayloadFramesItem>;
  "a-b": number | null;
  "state"?: "done" | "failed" | null;
  "sizes"?: Record<string, number>;
}
"""


def of(schema: Any, *, name: str = "render.done") -> EventType:
    return EventType(name=name, description="It is\nrendered.", schema=schema)


def printed(language: str) -> str:
    out = StringIO()
    call_command("payloads", f"--{language}", stdout=out)
    return out.getvalue()


def complaints(text: str) -> str:
    """What mypy has against a module."""
    # In a process of its own: it unfreezes what the garbage collector leaves alone.
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--config-file=", "-c", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.stdout.startswith("Success") else done.stdout + done.stderr


def test_a_schema_is_a_typed_dict():
    assert PYTHON in python(records([of(RENDER)]))


def test_a_schema_is_an_interface():
    assert TYPESCRIPT in typescript(records([of(RENDER)]))


def test_a_type_without_a_schema_carries_anything():
    assert "{'render.done': " in python(records([of(None)])).replace("{\n        ", "{")
    assert '"render.done": Record<string, unknown>;' in typescript(records([of(None)]))


def test_all_types_are_there_and_it_is_printed_alike_each_time(db):
    for language in ("python", "typescript"):
        first = printed(language)
        assert [name for name in EventType.objects.values_list("name", flat=True) if name not in first] == []
        assert printed(language) == first


def test_mypy_takes_what_is_printed_and_holds_a_payload_against_it(db):
    use = "\ngood: JobCompletedPayload = {'name': 'A'}\nall: Payloads\nbad: JobCompletedPayload = {'name': 1}\n"
    found = complaints(printed("python") + use)
    assert re.findall(r"error: (.*)  \[", found) == [
        'Incompatible types (expression has type "int", TypedDict item "name" has type "str")'
    ]


def test_mypy_takes_odd_schemas():
    odd = [
        of(RENDER),
        of({"type": "object", "properties": {"class": {"const": 1.5}, "__x": {"enum": ["'\"\\", "🎬"]}}}, name="a.b"),
        of({"properties": {"x": {"$ref": "#"}}}, name="a_b"),
        of({"$ref": "#/$defs/loop", "$defs": {"loop": {"properties": {"x": {"$ref": "#/$defs/loop"}}}}}, name="2.x"),
        of({"allOf": [{"properties": {"x": True}, "required": ["x"]}], "properties": {"y": False}}, name="all"),
        of({"anyOf": [{"type": "object", "properties": {"x": {}}}, {"type": "object"}]}, name="any"),
        of({"properties": {"x": {"type": "array", "items": {"oneOf": [{"const": {}}]}}}}, name="é"),
    ]
    assert complaints(python(records(odd))) == ""
    assert complaints(python(records([]))) == ""


def test_braces_are_closed_and_names_are_there_in_typescript(db):
    text = printed("typescript")
    declared = re.findall(r"^export interface (\w+) \{$", text, re.MULTILINE)
    assert len(set(declared)) == len(declared) == text.count("\n}")
    assert set(re.findall(r"\w+Payload\w*", text)) <= set(declared)


@given(fields=st.dictionaries(KEYS, SCHEMAS, min_size=1, max_size=3), required=st.sets(KEYS, max_size=3))
def test_of_any_schema_it_is_python_that_says_what_has_to_be_there(fields, required):
    schema = {"type": "object", "properties": fields, "required": sorted(required)}
    module: dict[str, Any] = {}
    exec(python(records([of(schema)])), module)
    found = {key: of.__forward_arg__ for key, of in module["RenderDonePayload"].__annotations__.items()}
    assert {key: of.startswith("NotRequired[") for key, of in found.items()} == {
        key: key not in required for key in fields
    }
