"""README's "Try it", done literally on a fresh clone, twice: its commands are run as they are written there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.fresh_clone import Clone, blocks, sign_in
from tests.processes.environment import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
TRY_IT = re.split(r"^## ", (ROOT / "README.md").read_text(), flags=re.MULTILINE)[1]
FIRST_TERMINAL, SECOND_TERMINAL = blocks(TRY_IT, language="sh")
[RUN] = [line for line in FIRST_TERMINAL.splitlines() if line.startswith("make run")]
NAME, PASSWORD = re.findall(r"Sign in as `(\w+)`.*?the password is `([\w-]+)`", TRY_IT, flags=re.DOTALL)[0]


def rings(page: Page, clone: Clone) -> None:
    """The second terminal: its command is heard by a toast, which is put away for the next."""
    clone.run(SECOND_TERMINAL)
    toast = page.locator("carillon-toasts .toast", has_text="Take 7 finished")
    expect(toast).to_have_count(1)
    toast.get_by_role("button", name="Dismiss").click()
    expect(toast).to_have_count(0)


# Two starts and six processes of Django, beside whatever else the machine does.
@pytest.mark.timeout(300)
def test_what_readme_says_to_try_works_on_a_fresh_clone_and_again(tmp_path: Path, browser: Browser):
    clone = Clone(tmp_path / "carillon")
    for _ in ("the first time", "on the same installation"):
        with clone.started(RUN) as url:
            page = sign_in(browser, url, name=NAME, password=PASSWORD)
            for _ in range(3):
                rings(page, clone)
            page.context.close()
