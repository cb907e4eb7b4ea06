"""JSON bodies, looked at before they are parsed: their size, depth and values, and text that no database stores."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser

from events.rest.errors import BadBodyError, TooLargeError

MAX_BODY = 8 * 1024 * 1024
# An array of events around payloads of the deepest accepted nesting, and room to name what is deeper.
MAX_DEPTH = 64
# More than one event can have, and few enough to be parsed at once by all who may ask at once.
MAX_VALUES = 200_000
# Bytes that are split at once: a body may be of millions of tiny texts.
_CHUNK = 64 * 1024
# A place in a body, piece by piece: spelled out for each text, a long name would cost the square of its length.
Path = tuple[str, ...]
_ALIKE = bytes.maketrans(b"{}", b"[]")
_NO_SIGNS = bytes(set(range(256)) - set(b"[]{},"))
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
    _check_shape(body)
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


def _check_shape(body: bytes) -> None:
    """Refuse what is too deep or has too many values; whole-body operations make this cheap for any body."""
    opened = body.count(b"[") + body.count(b"{")
    if opened <= MAX_DEPTH and opened + body.count(b",") < MAX_VALUES:
        return
    bare = _without_texts(body).translate(_ALIKE, _NO_SIGNS)
    # Before each value but the outermost there is a comma or an opening bracket.
    values = bare.count(b",") + bare.count(b"[") + 1
    _check_depth(bare.replace(b",", b""))
    if values > MAX_VALUES:
        raise BadBodyError(f"The body has more than {MAX_VALUES} values; send it in parts.", code="too_many_values")


def _without_texts(body: bytes) -> bytes:
    """Rest of a body between its texts. Whatever follows a backslash outside of them is never parsed."""
    plain = body.replace(rb"\\", b"").replace(rb"\"", b"")
    kept, is_text = [], False
    for start in range(0, len(plain), _CHUNK):
        pieces = plain[start : start + _CHUNK].split(b'"')
        kept.append(b"".join(pieces[is_text::2]))
        is_text ^= len(pieces) % 2 == 0
    return b"".join(kept)


def _check_depth(bare: bytes) -> None:
    """Take innermost pairs of brackets away layer by layer."""
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
    for path, text in _texts(value, path=()):
        if "\x00" in text:
            raise BadBodyError("A text has a NUL character, which can't be stored.", code="nul", field=_shown(path))
        if _SURROGATE.search(text):
            detail = "A text has a lone surrogate, which is no character."
            raise BadBodyError(detail, code="surrogate", field=_shown(path))


def _shown(path: Path) -> str:
    return "".join(path).removeprefix(".") or "body"


def _texts(value: Any, *, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case list():
            for number, inner in enumerate(value):
                yield from _texts(inner, path=(*path, f"[{number}]"))
        case dict():
            for name, inner in value.items():
                # The name itself may be what is wrong, so the place is the object that has it.
                yield path, name
                yield from _texts(inner, path=(*path, f".{name}"))
        case _:
            return
