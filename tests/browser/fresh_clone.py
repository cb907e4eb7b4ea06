"""A fresh clone in which the commands of a page of the documentation are run as they are written there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.conftest import wait_until_live
from tests.processes import Process, free_port
from tests.processes.environment import ROOT, clean_environment, wait_until_ready


class Clone:
    """Clone of what git has, with everything installed: nothing is fetched."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for name in filter(None, tracked.split("\0")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        (folder / ".venv").mkdir()
        for part in Path(sys.prefix).iterdir():
            if not part.name.startswith("installed"):
                (folder / ".venv" / part.name).symlink_to(part)
        (folder / ".venv" / "installed").touch()
        # Its own, whatever the tests say of this checkout's.
        self._env = {"ENV_FILE": str(folder / ".env")}

    def run(self, commands: str) -> None:
        """Run them in a terminal, to their end."""
        env = clean_environment() | self._env
        subprocess.run(["/bin/sh", "-ec", commands], cwd=self.folder, env=env, check=True, timeout=60)

    @contextmanager
    def started(self, command: str) -> Iterator[str]:
        """The address of the site that this command of `make run`'s kind starts, until Ctrl+C."""
        program, *arguments = shlex.split(command, comments=True)
        port = str(free_port())
        env = {"PORT": port, "MAKEFLAGS": ""} | self._env
        process = Process(*arguments, program=program, cwd=self.folder, env=env, folder=self.folder.parent)
        try:
            wait_until_ready(process, f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
            os.killpg(process.pid, signal.SIGINT)
            process.wait()
            assert "Traceback" not in process.output
        finally:
            process.kill()


def blocks(text: str, *, language: str) -> list[str]:
    """The fenced blocks of a page in this language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def sign_in(browser: Browser, url: str, *, name: str, password: str) -> Page:
    """A browser of somebody's own, on the page that follows signing in."""
    page = browser.new_context(base_url=url).new_page()
    page.goto("/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    wait_until_live(page)
    return page
