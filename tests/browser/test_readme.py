"""README's "Try it", done literally on a fresh clone, twice: its commands are run as they are written there."""

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

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import wait_until_live
from tests.processes import Process, free_port
from tests.processes.environment import ROOT, clean_environment, wait_until_ready

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
TRY_IT = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)[1]
FIRST_TERMINAL, SECOND_TERMINAL = re.findall(r"```sh\n(.*?)```", TRY_IT, flags=re.DOTALL)
[RUN] = [line for line in FIRST_TERMINAL.splitlines() if line.startswith("make run")]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What git has, and everything installed: nothing is fetched."""
    folder = tmp_path / "carillon"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        if not part.name.startswith("installed"):
            (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / "installed").touch()
    return folder


@contextmanager
def first_terminal(clone: Path) -> Iterator[str]:
    """The site's address, until Ctrl+C."""
    program, *arguments = shlex.split(RUN, comments=True)
    port = str(free_port())
    env = {"PORT": port, "MAKEFLAGS": ""}
    process = Process(*arguments, program=program, cwd=clone, env=env, folder=clone.parent)
    try:
        wait_until_ready(process, f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
        os.killpg(process.pid, signal.SIGINT)
        process.wait()
        assert "Traceback" not in process.output
    finally:
        process.kill()


def sign_in(page: Page) -> None:
    """As README says: the first of its people, with its password."""
    name, password = re.findall(r"Sign in as `(\w+)`.*?the password is `([\w-]+)`", TRY_IT, flags=re.DOTALL)[0]
    page.goto("/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    wait_until_live(page)


def rings(page: Page, clone: Path) -> None:
    """The second terminal: its command is heard by a toast, which is put away for the next."""
    subprocess.run(["/bin/sh", "-ec", SECOND_TERMINAL], cwd=clone, env=clean_environment(), check=True, timeout=60)
    toast = page.locator("carillon-toasts .toast", has_text="Take 7 finished")
    expect(toast).to_have_count(1)
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


def test_what_readme_says_to_try_works_on_a_fresh_clone_and_again(clone: Path, browser: Browser):
    for _ in ("the first time", "on the same installation"):
        with first_terminal(clone) as url:
            context = browser.new_context(base_url=url)
            page = context.new_page()
            sign_in(page)
            for _ in range(3):
                rings(page, clone)
            context.close()
