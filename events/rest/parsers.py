"""JSON bodies, looked at before they are parsed: their size, their depth, and text that no database stores."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser

from events.rest.errors import BadBodyError, TooLargeError

MAX_BODY = 8 * 1024 * 1024
# An array of events around payloads of the deepest accepted nesting, and room to name what is deeper.
MAX_DEPTH = 64
# The closing quote is optional: otherwise an unclosed string would be looked at anew from each quote inside it.
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonBody(BaseParser):
    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLargeError(f"The body is larger than {MAX_BODY} bytes; send it in parts.")
        return parse(body)


def parse(body: bytes) -> Any:
    """The JSON value, free of NUL, lone surrogates, NaN and Infinity. BadBodyError otherwise."""
    _check_depth(body)
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise BadBodyError(f"The body is not UTF-8 at byte {error.start}.") from error
    except json.JSONDecodeError as error:
        raise BadBodyError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except ValueError as error:
        raise BadBodyError("The body has a number with too many digits.", code="invalid_number") from error
    if _SUSPECT.search(body):
        _check_texts(value)
    return value


def _check_depth(body: bytes) -> None:
    """Innermost pairs are taken away layer by layer; whole-body operations make this cheap for any body."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return
    bare = _STRING.sub(b"", body).translate(_ALIKE, _NO_BRACKETS)
    for _layer in range(MAX_DEPTH + 1):
        if b"[" * (MAX_DEPTH + 1) in bare:
            break
        inner, bare = bare, bare.replace(b"[]", b"")
        if len(inner) == len(bare):
            return
    raise BadBodyError(f"The body is nested deeper than {MAX_DEPTH}.", code="too_deep")


def _refuse_constant(name: str) -> NoReturn:
    raise BadBodyError(f"The body has {name}, which is not JSON.", code="nan")


def _check_texts(value: Any) -> None:
    for path, text in _texts(value, path=""):
        if "\x00" in text:
            raise BadBodyError("A text has a NUL character, which can't be stored.", code="nul", field=path)
        if _SURROGATE.search(text):
            raise BadBodyError("A text has a lone surrogate, which is no character.", code="surrogate", field=path)


def _texts(value: Any, *, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield path or "body", value
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, path=f"{path}[{number}]")
        case dict():
            for name, inner in value.items():
                # The name itself may be what is wrong, so the place is the object that has it.
                yield path or "body", name
                yield from _texts(inner, path=f"{path}.{name}" if path else name)
        case _:
            return
