"""Events as JSON lines, each as POST /events takes one: read, checked and stored in batches, never all at once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

from django.db import reset_queries
from rest_framework.exceptions import ValidationError

from events.api.serializers import EventIn, new_event
from events.errors import Refused
from events.log.publish import NewEvent, accept
from events.rest.errors import BadBodyError, first_problem
from events.rest.parsers import parse

BATCH = 1000
MAX_LINE = 1024 * 1024


class LineRefusedError(ValueError):
    """A line that can't be published; it and what follows is not. Batches before its own are stored."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A batch was committed. `published`: events that are new so far; the others were known by their keys."""

    lines: int
    read_bytes: int
    published: int


def publish_lines(stream: IO[bytes], *, key_prefix: str | None = None) -> Iterator[Progress]:
    """Publish a stream in batches of 1,000, each in a transaction of its own; empty lines are passed over.

    `key_prefix` gives the event of line 7 the idempotency key `<prefix>:7`, so that the same file can be sent again
    after it stopped. Memory holds one batch. Raises LineRefusedError.
    """
    reader = EventIn()
    batch: list[tuple[int, NewEvent]] = []
    number = read_bytes = published = 0
    while line := stream.readline(MAX_LINE + 1):
        number += 1
        read_bytes += len(line)
        if len(line) > MAX_LINE:
            raise LineRefusedError(f"line {number} is longer than {MAX_LINE} bytes; an event is one JSON object a line")
        if line.strip():
            batch.append((number, _event(line, number=number, reader=reader, key_prefix=key_prefix)))
        if len(batch) == BATCH:
            published += _store(batch)
            batch = []
            yield Progress(number, read_bytes, published)
    if batch:
        published += _store(batch)
    yield Progress(number, read_bytes, published)


def _event(line: bytes, *, number: int, reader: EventIn, key_prefix: str | None) -> NewEvent:
    try:
        checked = reader.run_validation(parse(line.strip()))
        new = new_event(checked, idempotency_key=checked.get("idempotency_key"))
    except (BadBodyError, Refused) as error:
        raise LineRefusedError(f"line {number}: {str(error.detail).removesuffix('.')}") from error
    except ValidationError as error:
        raise LineRefusedError(f"line {number}: {first_problem(error)}") from error
    if key_prefix is not None and new.idempotency_key is None:
        return replace(new, idempotency_key=f"{key_prefix}:{number}")
    return new


def _store(batch: list[tuple[int, NewEvent]]) -> int:
    try:
        return sum(accepted.created for accepted in accept([new for _number, new in batch]))
    except Refused as error:
        raise LineRefusedError(f"line {batch[error.index or 0][0]}: {error.detail}") from error
    finally:
        # With DEBUG on, Django keeps the last 9,000 statements: here each is as long as its batch.
        reset_queries()
