/** Keys of the inbox page, where nobody types and nothing else is open: x, e, h, r, /, ?, Escape. */
import { load, save } from "../core/storage.js";
import { rowsOf } from "../feed/rows.js";
import { triage } from "./changes.js";
import { openMenu } from "./menu.js";
import { clearSelection, selectedIds } from "./selection.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

const TYPED = "input:not([type=checkbox]), select, textarea, [contenteditable]";
const ELSEWHERE = "carillon-bell, carillon-toasts, dialog, [popover]";
const dialog = () => /** @type {HTMLDialogElement | null} */ (document.querySelector(".keys-dialog"));

/** The list of keys, and the choice not to have those of one letter. @param {AbortSignal} signal */
export function offerKeys(signal) {
  const choice = /** @type {HTMLInputElement | null | undefined} */ (dialog()?.querySelector("[type=checkbox]"));
  if (!choice) return;
  choice.checked = load("keys") !== "off";
  choice.addEventListener("change", () => save("keys", choice.checked ? "" : "off"), { signal });
  document.querySelector(".keys button")?.addEventListener("click", () => dialog()?.showModal(), { signal });
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement | null} here the row with the focus
 * @param {KeyboardEvent} event
 * @returns {boolean} true: it was one of these, or nobody else's business here
 */
export function pressed(element, here, event) {
  const feed = /** @type {CarillonFeed} */ (element);
  const target = /** @type {Element} */ (event.target);
  const { key } = event;
  if (feed.isPanel) return false;
  if (target.closest(ELSEWHERE) || document.querySelector("dialog[open], [popover]:popover-open")) return true;
  if (target.matches(TYPED)) {
    if (key === "Escape" && target.matches(".feed-search input")) leaveSearch(feed, /** @type {HTMLInputElement} */ (target), event);
    return true;
  }
  if (event.altKey || event.metaKey || event.ctrlKey) return false;
  if (key === "Escape" && feed.hasAttribute("data-selecting")) clearSelection(feed);
  else if (key.length === 1 && load("keys") === "off") return true;
  else if (key === "/") focusOn(feed, ".feed-search input", event);
  else if (key === "?") dialog()?.showModal();
  else return act(feed, here, event);
  return true;
}

/**
 * What is done with the selected rows, or with the one that has the focus.
 * @param {CarillonFeed} feed
 * @param {HTMLElement | null} here
 * @param {KeyboardEvent} event
 */
function act(feed, here, event) {
  const { state } = feed.dataset;
  const box = /** @type {HTMLInputElement | null} */ (here?.querySelector(".row-check") ?? null);
  const ids = selectedIds(feed);
  const chosen = ids.length || !box ? ids : [box.value];
  if (event.key === "x") box?.click();
  else if (event.key === "e" && state !== "done") triage(feed, "done", chosen);
  else if (event.key === "r" && ids.length) triage(feed, "read", ids);
  else if (event.key === "r") /** @type {HTMLElement | null | undefined} */ (here?.querySelector(".row-act"))?.click();
  else if (event.key === "h" && ids.length) focusOn(feed, ".selection-bar select", event);
  else if (event.key === "h" && here) {
    event.preventDefault();
    openMenu(feed, /** @type {HTMLElement} */ (here.querySelector(".row-opens")));
  } else return false;
  return true;
}

/**
 * @param {CarillonFeed} feed
 * @param {string} selector
 * @param {Event} event
 */
function focusOn(feed, selector, event) {
  event.preventDefault();
  /** @type {HTMLElement | null} */ (feed.querySelector(selector))?.focus();
}

/**
 * Escape empties the search; once it is empty, it leads to the rows.
 * @param {CarillonFeed} feed
 * @param {HTMLInputElement} input
 * @param {Event} event
 */
function leaveSearch(feed, input, event) {
  event.preventDefault();
  if (input.value) {
    input.value = "";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  } else {
    input.blur();
    /** @type {HTMLElement | null | undefined} */ (feed.list && rowsOf(feed.list)[0]?.querySelector(".row-title a"))?.focus();
  }
}
