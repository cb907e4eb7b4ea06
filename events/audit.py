"""Traces of what people with power do: in the admin's own log, or, from the command line, in a table beside it."""

import getpass
import os
import socket
from collections.abc import Collection

from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model

from events.models import CommandEntry


def note(changed: Collection[Model], *, by: int, text: str) -> None:
    """Write an entry for each row that this person changed. One query, in the caller's transaction."""
    LogEntry.objects.log_actions(by, changed, CHANGE, text)


def note_command(command: str, *, text: str) -> None:
    """Write what a command changes. One query, in the caller's transaction."""
    CommandEntry.objects.create(command=command, text=text, operator=_operator(), host=socket.gethostname())


def _operator() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        # In a container the process may run as a number that has no name.
        return f"uid {os.getuid()}"
