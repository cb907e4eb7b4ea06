"""Accessibility of a page by the rules of axe."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page


def violations(page: Page, *, within: str | None = None) -> list[Any]:
    """Rules that are broken, with the places; and the page itself if it is wider than its window."""
    page.wait_for_load_state("load")
    # It would copy sheets that import others into the page, which the policy refuses; no rule of ours needs that.
    found: dict[str, Any] = Axe().run(page, context=within, options={"preload": False}).response
    told: list[Any] = [
        (page.url, rule["id"], [node["html"][:200] for node in rule["nodes"]], rule["nodes"][0].get("failureSummary"))
        for rule in found["violations"]
    ]
    is_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [*told, *([(page.url, "wider than its window")] if is_wide else [])]
