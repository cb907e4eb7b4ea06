"""The per-recipient way: django-notifications-hq in an environment of its own, or one `save()` for each person."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.environment import Environment

VENV = processes.ROOT / "var" / "bench-peer"
# Its last release; it imports on Python below 3.12 and Django below 5.1 only.
PACKAGES = ("django-notifications-hq==1.8.3", "django<5.1", "psycopg[binary]>=3.1")


@dataclass(frozen=True, slots=True)
class Rate:
    """Rows a second, and the name of what wrote them."""

    name: str
    rows_per_second: float


def measure(people: int, *, env: Environment) -> Rate:
    """Tell so many of the users that are in the database, each by a row, a statement and a commit of their own."""
    python = _install()
    if python is None:
        return Rate("one save() each", processes.call("bench.routing.save_each", people, env=env))
    command = [str(python), "-m", "bench.routing.notifications_hq", str(people)]
    return Rate("django-notifications-hq", processes.output(command, env=env))


def _install() -> Path | None:
    """The Python that has django-notifications-hq, installed on first use; None where it can't be had."""
    python = VENV / "bin" / "python"
    if sys.version_info >= (3, 12):
        return None
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True, timeout=120)
        subprocess.run([str(python), "-m", "pip", "install", "-qqq", *PACKAGES], check=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"django-notifications-hq can't be installed, a save() loop stands in: {error}", file=sys.stderr)
        return None
    return python
