"""Bell, panel and toasts in pages whose style sheets reach far: they are seen, look as in our own, and change nothing.

Each page is visited once in each size and scheme, and all that the tests ask is measured then."""

from __future__ import annotations

import base64
import itertools
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import ELSEWHERE, Enter, wait_until_live
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.page]
GALLERY = Path(__file__).parent / "gallery"
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'"
HEAD = """<link rel="stylesheet" href="/static/carillon/embed.css">
<script type="module" src="/static/carillon/embed.js"></script>"""
HOSTS = sorted(path.stem for path in GALLERY.glob("*.css"))
LOOKS = list(itertools.product((320, 1280), ("light", "dark")))
SIGHTS = list(itertools.product(HOSTS, LOOKS))
PARTS = [
    *(f"carillon-toasts .toast{part}" for part in ("", " .tile", " .tile svg", " .category", " .word", " time")),
    *(f"carillon-toasts .toast {part}" for part in (".title", ".body", ".acts", ".open", ".close", ".close svg")),
    "carillon-bell .badge",
    *(f"carillon-bell .panel{part}" for part in ("", " carillon-feed", " .feed-head", " .feed-title", " .filters")),
    *(
        f"carillon-bell .panel {part}"
        for part in (".chips", ".chips li", ".chip", ".count", ".mark-all", ".feed-head a")
    ),
    *(f"carillon-bell .panel .carillon-row{part}" for part in ("", " .tile", " .dot", " .row-title", " .row-title a")),
    *(
        f"carillon-bell .panel .carillon-row .row-{part}"
        for part in ("body", "about", "about a", "side", "time", "act")
    ),
    "carillon-bell .panel .row-act svg",
    "carillon-bell .panel-foot a",
]
# Contrast of the pixel that stands out most to the commonest one, in a picture without the badge's corner.
CONTRAST = """
async (picture) => {
  const image = new Image();
  image.src = `data:image/png;base64,${picture}`;
  await image.decode();
  const pen = new OffscreenCanvas(image.width, image.height).getContext("2d");
  pen.drawImage(image, 0, 0);
  const { data } = pen.getImageData(0, 0, image.width, image.height);
  const shares = new Map();
  const luminance = (pixel) => pixel.map((byte) => byte / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  for (let at = 0; at < data.length; at += 4) {
    const level = luminance([...data.slice(at, at + 3)]);
    shares.set(level, (shares.get(level) ?? 0) + 1);
  }
  const [[ground]] = [...shares].sort((a, b) => b[1] - a[1]);
  return Math.max(...[...shares.keys()].map((one) => (Math.max(one, ground) + 0.05) / (Math.min(one, ground) + 0.05)));
}
"""


Look = tuple[int, str]
Looks = dict[str, dict[str, str]]


@dataclass
class Sight:
    """A page of others as a browser shows it. Boxes and lengths in pixels."""

    before: list[tuple[str, dict[str, str]]]
    after: list[tuple[str, dict[str, str]]]
    icon_contrast: float
    badge_contrast: float
    bell: dict[str, float]
    toast: dict[str, float]
    scrolls: int
    parts: Looks
    own_parts: Looks


def serve(route: Route) -> None:
    """The other project's server: `dark_bar.html` is the page with that sheet, `?plain` the same without us."""
    name, _, query = route.request.url.rpartition("/")[2].partition("?")
    file = GALLERY / name
    if name.endswith(".html"):
        body = (GALLERY / "page.html").read_text().replace("HOST", Path(name).stem)
        body = body.replace("<!-- carillon -->", "" if query else HEAD)
    else:
        body = file.read_text()
    headers = {"Content-Security-Policy": POLICY}
    route.fulfill(body=body, content_type=mimetypes.guess_type(name)[0] or "text/plain", headers=headers)


@pytest.fixture(scope="module")
def sights() -> dict[Any, Any]:
    """What was seen already: a `Sight` by page and look, looks of the parts in our own pages by look."""
    return {}


@pytest.fixture(params=SIGHTS, ids=[f"{host}-{width}-{scheme}" for host, (width, scheme) in SIGHTS])
def sight(request: pytest.FixtureRequest, site: Site, enter: Enter, sights: dict[Any, Any]) -> Sight:
    host, look = request.param
    if look not in sights:
        page = visit(enter, look)
        page.goto(ELSEWHERE)
        ring_and_open(site, page)
        sights[look] = page.evaluate("(parts) => looks(parts)", PARTS)
    if request.param not in sights:
        sights[request.param] = see(site, visit(enter, look), host, own_parts=sights[look])
    found: Sight = sights[request.param]
    return found


def visit(enter: Enter, look: Look) -> Page:
    """An empty page of Alice's browser."""
    width, scheme = look
    page = enter("alice", "", viewport={"width": width, "height": 700}, color_scheme=scheme, reduced_motion="reduce")
    page.context.route("**/gallery/**", serve)
    # To Chromium a page that comes from no network isn't on this machine, as the socket's server is.
    page.context.grant_permissions(["local-network-access"])
    page.context.add_init_script(path=GALLERY / "looks.js")
    return page


def see(site: Site, page: Page, host: str, *, own_parts: Looks) -> Sight:
    page.goto(f"/gallery/{host}.html?plain")
    before = page.evaluate("hostLooks()")
    site.job_finished("Shot 801", for_="alice")
    site.wait_for_unread("alice", 1)
    page.goto(f"/gallery/{host}.html")
    wait_until_live(page)
    after = page.evaluate("hostLooks()")
    icon, badge = contrasts(page)
    ring_and_open(site, page)
    return Sight(
        before=before,
        after=after,
        icon_contrast=icon,
        badge_contrast=badge,
        bell=box(page, "carillon-bell .bell"),
        toast=box(page, "carillon-toasts .toast"),
        scrolls=page.evaluate("document.documentElement.scrollWidth - innerWidth"),
        parts=page.evaluate("(parts) => looks(parts)", PARTS),
        own_parts=own_parts,
    )


def ring_and_open(site: Site, page: Page) -> None:
    """Let a toast ring, and open the panel under it."""
    wait_until_live(page)
    site.job_finished("Shot 802", for_="alice")
    expect(page.locator("carillon-toasts .toast")).to_be_visible()
    page.locator("carillon-bell .bell").press("Enter")
    expect(page.locator("carillon-bell .panel .carillon-row").first).to_contain_text("Shot 802")


def contrasts(page: Page) -> tuple[float, float]:
    """Of the icon, without the badge over it, and of the badge's number."""
    blank = page.context.new_page()
    bell, badge = box(page, "carillon-bell .bell"), box(page, "carillon-bell .badge")
    number = blank.evaluate(CONTRAST, base64.b64encode(page.screenshot(clip=badge)).decode())
    page.locator("carillon-bell .badge").evaluate("(badge) => badge.style.setProperty('visibility', 'hidden')")
    inside: Any = {"x": bell["x"] + 7, "y": bell["y"] + 7, "width": 26, "height": 26}
    icon = blank.evaluate(CONTRAST, base64.b64encode(page.screenshot(clip=inside)).decode())
    page.locator("carillon-bell .badge").evaluate("(badge) => badge.style.removeProperty('visibility')")
    blank.close()
    page.bring_to_front()
    return icon, number


def box(page: Page, where: str) -> Any:
    return page.locator(where).first.bounding_box()


def test_the_bell_and_its_badge_are_seen(sight):
    assert sight.icon_contrast >= 3
    assert sight.badge_contrast >= 4.5


def test_panel_and_toast_look_as_in_our_own_pages(sight):
    differ = {
        (part, name): (value, sight.parts[part].get(name))
        for part, own in sight.own_parts.items()
        for name, value in own.items()
        if sight.parts[part].get(name) != value
    }
    assert differ == {}


def test_a_toast_lies_below_the_bell_or_beside_it(sight):
    bell, toast = sight.bell, sight.toast
    is_beside = toast["x"] >= bell["x"] + bell["width"]
    assert is_beside or toast["y"] >= bell["y"] + bell["height"]


def test_nothing_scrolls_sideways(sight):
    assert sight.scrolls == 0


def test_the_page_keeps_its_own_looks(sight):
    assert [name for name, _ in sight.after] == [name for name, _ in sight.before]
    changed = [
        (element, name, value, other.get(name))
        for (element, own), (_, other) in zip(sight.before, sight.after, strict=True)
        for name, value in own.items()
        if other.get(name) != value
    ]
    assert changed == []
