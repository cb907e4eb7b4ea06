"""docs/tutorial.md, followed word for word on a fresh clone: each command is run, each file written, in its order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import wait_until_live
from tests.browser.fresh_clone import Clone, sign_in
from tests.processes.environment import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text()
NAME, PASSWORD = re.findall(r"sign in as `(\w+)` with the password `([\w-]+)`", TUTORIAL)[0]
# A block and the words before it, the last of which in backquotes with a slash is the file it goes to.
BLOCKS = re.compile(r"(.*?)^```(\w+)\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def apply(change: str, *, file: Path) -> None:
    before = "".join(line[1:] for line in change.splitlines(keepends=True) if line[0] != "+")
    after = "".join(line[1:] for line in change.splitlines(keepends=True) if line[0] != "-")
    text = file.read_text()
    assert text.count(before) == 1, f"{file.name} has no such place for {change}"
    file.write_text(text.replace(before, after))


def follow(clone: Clone) -> None:
    """All but starting the site, which each part says at its end."""
    for words, language, block in BLOCKS.findall(TUTORIAL):
        if language == "sh":
            clone.run("".join(line for line in block.splitlines(keepends=True) if not line.startswith("make run")))
            continue
        file = clone.folder / re.findall(r"`([\w./-]+/[\w./-]+)`", words)[-1]
        file.parent.mkdir(parents=True, exist_ok=True)
        if language == "diff":
            apply(block, file=file)
        else:
            file.write_text(block)


def opened(browser: Browser, url: str, *, name: str) -> Page:
    page = sign_in(browser, url, name=name, password=PASSWORD)
    page.goto("/shots/")
    wait_until_live(page)
    return page


@pytest.mark.timeout(300)
def test_who_follows_the_tutorial_sees_an_approval_arrive(tmp_path: Path, browser: Browser):
    clone = Clone(tmp_path / "carillon")
    first, again = re.findall(r"^make run.*", TUTORIAL, flags=re.MULTILINE)
    with clone.started(first):
        pass
    follow(clone)
    with clone.started(again) as url:
        alice, bob = opened(browser, url, name=NAME), opened(browser, url, name="bob")
        alice.get_by_label("Name").fill("Harbour at night")
        alice.get_by_role("button", name="Submit").click()
        wait_until_live(alice)
        bob.reload()
        bob.get_by_role("button", name="Approve").click()
        expect(alice.locator("carillon-toasts .toast")).to_contain_text("Bob Keller approved Harbour at night")
        expect(bob.locator("main")).to_contain_text("is approved")
        expect(alice.locator("carillon-toasts .toast")).to_have_count(1)
        for page in (alice, bob):
            page.context.close()
