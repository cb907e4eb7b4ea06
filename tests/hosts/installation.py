"""Installation of the wheel that this repository builds, in an environment of its own: nothing is fetched."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.processes.environment import ROOT, clean_environment


class Installation:
    """Python that has Carillon's wheel, and this environment's packages beside it."""

    def __init__(self, folder: Path) -> None:
        self.source = folder / "source"
        self.wheel = build(self.source)
        venv.create(folder / "venv", symlinks=True)
        self.python = folder / "venv" / "bin" / "python"
        [packages] = folder.glob("venv/lib/python*/site-packages")
        (packages / "present.pth").write_text(sysconfig.get_path("purelib"))
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        run([*pip, "--no-deps", "--no-index", str(self.wheel)], folder)

    def run(self, *arguments: str, folder: Path, env: dict[str, str] | None = None, text: str = "") -> str:
        """Run Python in a project's folder; its words. AssertionError unless it ends well."""
        return run([str(self.python), *arguments], folder, env=env, text=text)


def build(source: Path) -> Path:
    """Wheel of what git has, from a copy of that in this folder."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if not name.startswith("tests/"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, source / name)
    run([sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "dist"], source)
    [wheel] = source.glob("dist/*.whl")
    return wheel


def run(command: list[str], folder: Path, *, env: dict[str, str] | None = None, text: str = "") -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=clean_environment() | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | (env or {}),
        input=text,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr
