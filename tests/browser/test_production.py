"""A site as production runs it, with DEBUG off and its static files collected: what a browser does with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.conftest import ANOTHER_FILTER, Enter, wait_until_live
from tests.browser.site import Site
from tests.processes import Serve

pytestmark = [pytest.mark.browser, pytest.mark.embedded]
# Of a page: what came over the wire, and nothing that the browser had.
FETCHED = """
() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((entry) => entry.transferSize).map((entry) => entry.name)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The demo's people, put in as development allows it, in a site that then runs without DEBUG."""
    folder = tmp_path_factory.mktemp("production")
    processes = Serve(folder=folder)
    processes.manage("migrate", "--verbosity", "0")
    processes.manage("demo")
    processes.env |= {"DEBUG": "false", "SECRET_KEY": "a-long-random-value" * 4, "STATIC_ROOT": f"{folder}/static"}
    processes.manage("collectstatic", "--no-input")
    with processes:
        yield Site(processes)


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """Of this site alone."""
    return {}


def requests(page: Page) -> list[str]:
    """Addresses that the inbox asks the server for, its socket among them."""
    sockets: list[str] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket.url)

    page.on("websocket", opened)
    page.goto("/notifications/")
    wait_until_live(page)
    page.wait_for_load_state("networkidle")
    page.remove_listener("websocket", opened)
    return [*page.evaluate(FETCHED), *sockets]


def test_a_first_visit_asks_for_little_and_the_next_for_the_page_and_what_is_live(enter: Enter):
    enter("alice")
    page = enter("alice", "")
    first, next_ = requests(page), requests(page)
    assert len(first) <= 16, first
    assert len(next_) <= 3, next_


def test_scripts_and_styles_come_joined_and_by_the_hash_of_their_content(enter: Enter):
    page = enter("alice", "")
    ours = [url for url in requests(page) if "/static/carillon/" in url]
    assert ours
    assert [url for url in ours if not page.request.get(url).headers["cache-control"].endswith("immutable")] == []


def test_a_toast_rings_and_the_panel_shows_it(site: Site, enter: Enter):
    page = enter("alice", ANOTHER_FILTER)
    wait_until_live(page)
    site.job_finished("Shot 711", for_="alice")
    expect(page.locator(".toast")).to_contain_text("Shot 711 finished")
    expect(page.locator("carillon-bell .badge")).to_have_text("1")
    page.locator("carillon-bell .bell").click()
    expect(page.locator(".panel .carillon-row").first).to_contain_text("Shot 711 finished")
    page.locator(".panel .row-title a").first.focus()
    page.keyboard.press("u")
    expect(page.locator("carillon-bell .badge")).to_be_hidden()


def test_preferences_save_themselves(enter: Enter):
    page = enter("alice", "/notifications/preferences/")
    page.locator('[id="type-job.failed"]').get_by_role("checkbox", name="E-mail").click()
    expect(page.locator("#preferences-status")).to_have_text("Saved")


@pytest.mark.parametrize("path", ["/catalogue/", "/deliveries/", "/pulse/", "/events/publish/", "/notifications/"])
def test_no_page_complains(enter: Enter, path: str):
    """What the browser complains of fails `enter`."""
    page = enter("admin", path)
    wait_until_live(page)
    expect(page.locator("h1").first).to_be_visible()
