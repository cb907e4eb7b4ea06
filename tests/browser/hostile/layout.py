"""Faults of a page that can be measured: at every width, in both themes, whatever its texts are."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

from tests.browser.hostile.texts import ABOUT, NAMES, TITLES

WIDTHS = (320, 390, 704, 1024, 1440)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Most lines of a text in a list.
LINES = {
    ".toast :is(.title, .body), .carillon-row :is(.row-title, .row-body)": 2,
    ".timeline-rows :is(.row-title, .row-body), .beside .clamp, .feed-note .words": 2,
    ".deliveries:not(:has(.channel)) .delivery-title, .line .where, .stream :is(h3, li p)": 1,
}
HERE = Path(__file__).parent
_MEASURE, _TURNED = (HERE / "layout.js").read_text(), (HERE / "direction.js").read_text()


def faults(page: Page) -> list[str]:
    """List what is wrong, each with the first width and theme at which it is seen."""
    found: dict[str, str] = {}
    for fault in page.evaluate(_TURNED, [*TITLES, *NAMES, *ABOUT]):
        found.setdefault(fault, "at any width")
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for fault in _measured(page, width):
                found.setdefault(fault, f"{width} px, {theme}")
    return [f"{where}: {fault}" for fault, where in found.items()]


def _measured(page: Page, width: int) -> list[str]:
    """Faults that last: a busy browser lays out for a new width later than it says that it has it."""
    asked = {"most": LINES, "width": width}
    found: list[str] = page.evaluate(_MEASURE, asked)
    if found:
        page.wait_for_timeout(300)
        found = page.evaluate(_MEASURE, asked)
    return found
