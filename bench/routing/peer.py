"""The per-recipient way: django-notifications-hq in an environment of its own, or one `save()` for each person."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import stage

FOLDER = stage.ROOT / "var" / "bench-peer"
# Its last release; it imports on Python below 3.12 and Django below 5.1 only.
PACKAGES = ("django-notifications-hq==1.8.3", "django<5.1", "psycopg[binary]>=3.1")


@dataclass(frozen=True, slots=True)
class Peer:
    """Rows a second, and what wrote them."""

    name: str
    rate: float


def per_recipient(people: int, *, env: Mapping[str, str]) -> Peer:
    """Tell so many of the users that are in the database, each by a row, a statement and a commit of their own."""
    python = _installed()
    if python is None:
        return Peer("one save() each", stage.run("bench.save_process", people, env=env)["rate"])
    rate = stage.run("bench.hq_process", people, env=env, python=str(python))["rate"]
    return Peer("django-notifications-hq", rate)


def _installed() -> Path | None:
    """The Python that has it; None where it can't be had."""
    python = FOLDER / "bin" / "python"
    if sys.version_info >= (3, 12):
        return None
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True, timeout=120)
        subprocess.run([str(python), "-m", "pip", "install", "-qqq", *PACKAGES], check=True, timeout=300)
    except (subprocess.SubprocessError, OSError) as error:
        print(f"django-notifications-hq can't be installed, a save() loop stands in: {error}", file=sys.stderr)
        return None
    return python
