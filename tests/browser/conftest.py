"""One real process for the session; a clean person and a watched page for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from tests.browser.fake_server import FakeServer, until
from tests.browser.site import Site
from tests.conftest import PASSWORD
from tests.processes import Serve, Service

# Pages that show no job on top, so that one rings with a toast: without a feed, and with one.
ELSEWHERE = "/notifications/preferences/"
ANOTHER_FILTER = "/notifications/?category=system"
WIDE = {"width": 1240, "height": 820}
NARROW = {"width": 320, "height": 700}
# Says in the console what the policy refused, so that one list holds all that went wrong.
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI || event.sample}`));
"""
# In `window.shifts`: each element that was moved by something that came later than it.
COUNT_SHIFTS = """
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) =>
  window.shifts.push(...entry.sources.map((source) => source.node?.className ?? source.node?.nodeName))))
  .observe({ type: "layout-shift", buffered: true });
"""

Enter = Callable[..., Page]


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    processes = Serve("--demo") if connection.vendor == "sqlite" else Service(webs=2)
    with processes:
        yield Site(processes)


@pytest.fixture(scope="session")
def sessions() -> dict[str, Any]:
    """Cookies by person: signing in once a session is enough. Only cookies: for what else a browser keeps Playwright
    opens a page first, which takes longer than ours."""
    return {}


class Visit:
    """A person's browser: everything it complains of is kept."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.complaints: list[str] = []
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")


@pytest.fixture
def enter(site: Site, browser: Browser, sessions: dict[str, Any]) -> Iterator[Enter]:
    """`enter("alice", "/notifications/")`: a signed-in page in a browser of its own, without unread notifications.

    An empty path: an empty page. `same_as=page` opens another tab of that page's browser; `expect` names complaints
    that belong to the test.
    """
    visits: dict[BrowserContext, tuple[Visit, list[str]]] = {}

    def open_page(
        who: str,
        path: str = "/notifications/",
        *,
        clear: bool = True,
        same_as: Page | None = None,
        expect: tuple[str, ...] = (),
        **options: Any,
    ) -> Page:
        if clear and same_as is None:
            site.clear(who)
        if same_as is None:
            state = options.pop("storage_state", None) or sessions.get(who)
            context = browser.new_context(base_url=site.url, storage_state=state, **({"viewport": WIDE} | options))
            visits[context] = (Visit(context), list(expect))
        else:
            context = same_as.context
        page = context.new_page()
        if same_as is None and state is None:
            sign_in(page, who)
            sessions[who] = {"cookies": context.storage_state()["cookies"], "origins": []}
        if path:
            page.goto(path)
        return page

    yield open_page
    for context, (visit, expected) in visits.items():
        context.close()
        assert [said for said in visit.complaints if not any(word in said for word in expected)] == []


@pytest.fixture
def live(enter: Enter) -> Callable[..., Page]:
    """`enter`, waiting until the socket has said hello."""

    def open_page(*arguments: Any, **options: Any) -> Page:
        page = enter(*arguments, **options)
        wait_until_live(page)
        return page

    return open_page


@pytest.fixture
def page(enter: Enter) -> Page:
    """An empty page of Bob's browser."""
    return enter("bob", "")


@pytest.fixture
def server(page: Page) -> FakeServer:
    """Ours, for every page that is opened from now on."""
    return FakeServer(page.context)


@pytest.fixture
def where() -> str:
    """Path of the page that `seq` opens."""
    return "/notifications/"


@pytest.fixture
def seq(page: Page, server: FakeServer, where: str) -> int:
    """Seq of the inbox; the page is connected to our server and has been greeted."""
    page.goto(where)
    page.mouse.move(5, 600)
    known = int(page.locator("body").get_attribute("data-seq") or "")
    until(page, lambda: server.sockets)
    server.hello(known)
    wait_until_live(page)
    # A feed that wakes behind its inbox fetches page one anew, and our rows are not there.
    if where != ELSEWHERE:
        page.locator("main carillon-feed:defined").wait_for(state="attached")
    return known


def sign_in(page: Page, who: str) -> None:
    page.goto("/sign-in/")
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/notifications/")


def stop_clock(page: Page) -> None:
    """Time passes by `page.clock.run_for` alone: one that is only installed goes on."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 5"))


def wait_until_live(page: Page) -> None:
    page.locator("carillon-bell[data-connection=live]").wait_for(state="attached")
    page.locator("carillon-feed:not(:defined)").wait_for(state="detached")
