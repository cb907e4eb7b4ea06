"""Numbers and names that no operator means: a sentence, never a traceback."""

from __future__ import annotations

import contextlib

import pytest
from django.core.management import CommandError, call_command

from tests.api_client import tell

NUMBERS = ["-1", "0", "2147483648", "4294967296", "9223372036854775808", "18446744073709551616", "1" + "0" * 400]
NAMES = ["", "nobody", "..", "2147483648", "9223372036854775808", "x" * 10_000, "job:9223372036854775808", "\u202e"]
COMMANDS = [
    ("explain", "{}"),
    ("explain", "1", "--after={}"),
    ("explain", "1", "--user={}"),
    ("prune", "--dry-run", "--days={}"),
    ("replay", "notifications", "--after={}"),
    ("replay", "{}"),
    ("token", "owner", "--per-minute={}"),
    ("token", "{}"),
    ("token", "owner", "--publish={}"),
    ("publish", "job.completed", "--project={}"),
    ("publish", "job.completed", "--actor={}"),
    ("publish", "job.completed", "--source={}"),
    ("publish", "job.completed", "--key={}"),
    ("publish", "job.completed", '--payload={{"x": {}}}'),
    ("publish", "{}"),
    ("publish", "--lines={}"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_an_argument_is_taken_or_refused_by_a_sentence(owner, capsys, command):
    tell(owner)
    for value in (*NUMBERS, *NAMES):
        with contextlib.suppress(CommandError):
            call_command(*(part.format(value) for part in command))
