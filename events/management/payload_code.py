"""Types of payloads as code: Python's TypedDict, TypeScript's interfaces."""

import json
from collections.abc import Sequence
from keyword import iskeyword

from events.management.payload_types import Either, Literals, Many, Map, Named, Record, Scalar, Type

_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None", "any": "Any",
           "never": "Never"}  # fmt: skip
_TYPESCRIPT = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null",
               "any": "unknown", "never": "never"}  # fmt: skip
_HEAD = "Payloads of Carillon's event types; written by manage.py payloads."
_IMPORTS = """from __future__ import annotations

from typing import Any, Literal, Never, NotRequired, TypedDict"""


def python(records: Sequence[Record]) -> str:
    """Write a module for Python 3.11 and later."""
    head = f'"""{_HEAD}"""\n\n{_IMPORTS}'
    return "\n\n\n".join([head, *map(_typed_dict, records)]) + "\n"


def typescript(records: Sequence[Record]) -> str:
    """Write a module for TypeScript."""
    return "\n\n".join([f"// {_HEAD}", *map(_interface, records)]) + "\n"


def _typed_dict(record: Record) -> str:
    fields = {
        key: _python(of) if is_required else f"NotRequired[{_python(of)}]"
        for key, (of, is_required) in record.fields.items()
    }
    lines = [f"# {about}"] if (about := _in_a_line(record.about)) else []
    # Python folds other letters in names (ª is a), and not in keys.
    if all(key.isascii() and key.isidentifier() and not iskeyword(key) and key[:2] != "__" for key in fields):
        lines += [f"class {record.name}(TypedDict):", *(f"    {key}: {of}" for key, of in fields.items())]
        return "\n".join(lines if fields else [*lines, "    pass"])
    items = (f"        {key!r}: {of!r}," for key, of in fields.items())
    return "\n".join([*lines, f"{record.name} = TypedDict(", f"    {record.name!r},", "    {", *items, "    },", ")"])


def _python(of: Type) -> str:
    match of:
        case Scalar(name):
            return _PYTHON.get(name, "Any")
        case Literals(values) if any(isinstance(one, float) for one in values):
            return " | ".join(
                dict.fromkeys("float" if isinstance(one, float) else f"Literal[{one!r}]" for one in values)
            )
        case Literals(values):
            return f"Literal[{', '.join(map(repr, values))}]"
        case Many(item):
            return f"list[{_python(item)}]"
        case Map(item):
            return f"dict[str, {_python(item)}]"
        case Either(options):
            return " | ".join(map(_python, options))
        case Named(name):
            return name


def _interface(record: Record) -> str:
    fields = (
        f"  {json.dumps(key)}{'' if is_required else '?'}: {_typescript(of)};"
        for key, (of, is_required) in record.fields.items()
    )
    lines = [f"// {about}"] if (about := _in_a_line(record.about)) else []
    return "\n".join([*lines, f"export interface {record.name} {{", *fields, "}"])


def _typescript(of: Type) -> str:
    match of:
        case Scalar(name):
            return _TYPESCRIPT.get(name, "unknown")
        case Literals(values):
            return " | ".join(map(json.dumps, values))
        case Many(item):
            return f"Array<{_typescript(item)}>"
        case Map(item):
            return f"Record<string, {_typescript(item)}>"
        case Either(options):
            return " | ".join(map(_typescript, options))
        case Named(name):
            return name


def _in_a_line(text: str) -> str:
    return " ".join(text.split())
