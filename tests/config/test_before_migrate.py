"""Commands on a database that nobody has migrated say so in one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    *("payloads --python", "payloads --typescript", "publish job.completed", "token ada", "hardware_monitor --once"),
    *("replay notifications", "explain 1", "export_person ada", "erase_person ada", "prune", "reseal"),
]
CALLS = """
import sys, django
from django.core.management import CommandError, call_command
django.setup()
for line in sys.argv[1:]:
    try:
        call_command(*line.split())
        print("went on")
    except CommandError as error:
        print(error)
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory) -> dict[str, str]:
    """What each command says, all in one process."""
    folder = tmp_path_factory.mktemp("empty")
    given = os.environ | {"DATABASE_URL": f"sqlite:///{folder / 'empty.sqlite3'}", "REDIS_URL": "", "ENV_FILE": ""}
    given |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DEBUG": "true"}
    command = [sys.executable, "-c", CALLS, *COMMANDS]
    done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(zip(COMMANDS, done.stdout.splitlines(), strict=True))


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_before_migrate_says_what_to_do(said, command):
    assert said[command].endswith("run `manage.py migrate`, and then this again.")
