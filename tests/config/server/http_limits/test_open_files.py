"""A process takes no more connections than it may open files for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.server.http_limits.budgets import CONNECTIONS, OTHER_FILES

ROOT = Path(__file__).resolve().parents[4]
TOTAL = """
import django
django.setup()
from config.server.http_limits.budgets import Limits
print(Limits().connections.total)
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("limit", "total"),
    [("ulimit -n 1024", (1024 - OTHER_FILES) // 2), (f"ulimit -S -n {2 * CONNECTIONS + OTHER_FILES}", CONNECTIONS)],
)
def test_connections_are_as_many_as_files_allow(limit, total):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = ["sh", "-c", f"{limit} && exec {sys.executable} -c '{TOTAL}'"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert int(done.stdout) == total
