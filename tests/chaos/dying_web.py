"""`manage.py web` that is killed over the first event it is sent: `dying_web POINT web ...`.

`insert`: the row is written and not committed. `commit`: it is committed, and nobody was told.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import django

from tests.processes.programs.dying_sender import die


def at_insert() -> None:
    from events.log import insert

    write = insert.insert

    def write_and_die(*args: Any, **kwargs: Any) -> Any:
        write(*args, **kwargs)
        die()

    insert.insert = write_and_die


def at_commit() -> None:
    from events.log import publish

    publish._hint = die


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    {"insert": at_insert, "commit": at_commit}[sys.argv[1]]()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[2:]])
