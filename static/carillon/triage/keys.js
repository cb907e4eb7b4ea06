/** Keys of triage, while the focus is in the feed and in no field: x, e, h, /, Escape. */
import { clearSelection, selectedIds, triage } from "./selection.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

/**
 * @param {HTMLElement} element
 * @param {HTMLElement | null} here the row with the focus
 * @param {KeyboardEvent} event
 * @returns {boolean} true: it was one of these
 */
export function pressed(element, here, event) {
  const feed = /** @type {CarillonFeed} */ (element);
  const target = /** @type {Element} */ (event.target);
  if (feed.isPanel || event.altKey || event.metaKey || event.ctrlKey) return false;
  if (event.key === "Escape" && feed.hasAttribute("data-selecting")) {
    clearSelection(feed);
    return true;
  }
  if (target.matches("input:not([type=checkbox]), select, textarea")) return true;
  if (event.key === "/") {
    event.preventDefault();
    /** @type {HTMLElement | null} */ (feed.querySelector(".feed-search input"))?.focus();
    return true;
  }
  const box = /** @type {HTMLInputElement | null} */ (here?.querySelector(".row-check") ?? null);
  const ids = selectedIds(feed);
  const chosen = ids.length || !box ? ids : [box.value];
  if (event.key === "x" && box) box.click();
  else if (event.key === "e" && feed.dataset.state !== "done") triage(feed, "done", chosen);
  else if (event.key === "h" && box && !feed.dataset.state) {
    event.preventDefault();
    if (!ids.length) box.click();
    /** @type {HTMLElement | null} */ (feed.querySelector(".selection-bar select"))?.focus();
  } else return false;
  return true;
}
