/** Menu of a row: one for the page, filled for the row that asks and put beside it. Without scripts it is on its page. */
import { getPart } from "../core/http.js";
import { triage } from "./changes.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

/** Pixels that stay free at the edges of the window. */
const EDGE = 8;

/**
 * @param {ParentNode} feed
 * @param {HTMLElement} opener what was pressed in the row
 */
export function openMenu(feed, opener) {
  const menu = /** @type {HTMLElement} */ (feed.querySelector(".row-actions"));
  const row = /** @type {HTMLElement} */ (opener.closest(".carillon-row"));
  if (menu.matches(":popover-open")) menu.hidePopover();
  const { id = "", away, read } = row.dataset;
  const isRead = read !== undefined;
  const fits = { done: away !== "done", undone: away === "done", unsnooze: away === "snoozed", read: !isRead, unread: isRead };
  for (const [action, isShown] of Object.entries(fits)) {
    /** @type {HTMLElement} */ (menu.querySelector(`[value=${action}]`)).hidden = !isShown;
  }
  menu.querySelectorAll("[name=id]").forEach((field) => (/** @type {HTMLInputElement} */ (field).value = id));
  menu.querySelectorAll("[data-part]").forEach((part) => (/** @type {HTMLElement} */ (part).hidden = opener.dataset.part === "snooze"));
  fillAbout(/** @type {HTMLElement} */ (menu.querySelector("carillon-follow")), /** @type {HTMLAnchorElement} */ (opener));
  const reason = /** @type {HTMLAnchorElement} */ (row.querySelector("[data-slot=reason]"));
  /** @type {HTMLAnchorElement} */ (menu.querySelector("a")).href = reason.href;
  menu.showPopover();
  place(menu, opener.getBoundingClientRect());
  opener.setAttribute("aria-expanded", "true");
  menu.addEventListener("beforetoggle", () => closed(menu, opener), { once: true });
  [...menu.querySelectorAll("button")].find((button) => button.offsetParent)?.focus({ preventScroll: true });
}

/**
 * What it is about can be followed and muted, as far as the server says.
 * @param {HTMLElement} control
 * @param {HTMLAnchorElement} opener
 */
async function fillAbout(control, opener) {
  control.replaceChildren();
  control.append(await getPart(`${opener.pathname}follow/?next=${location.pathname}`));
}

/**
 * Below what was pressed, above it where there is no room; it scrolls with the page.
 * @param {HTMLElement} menu
 * @param {DOMRect} beside
 */
function place(menu, beside) {
  const { width, height } = menu.getBoundingClientRect();
  const room = document.documentElement.clientWidth - width - EDGE;
  const isAbove = beside.bottom + height + EDGE > innerHeight && beside.top > height;
  menu.style.left = `${Math.max(EDGE, Math.min(beside.right - width, room)) + scrollX}px`;
  menu.style.top = `${(isAbove ? beside.top - height : beside.bottom) + scrollY}px`;
}

/**
 * @param {HTMLElement} menu
 * @param {HTMLElement} opener
 */
function closed(menu, opener) {
  opener.removeAttribute("aria-expanded");
  if (menu.contains(document.activeElement)) opener.focus({ preventScroll: true });
}

/**
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} button
 */
export function chosen(feed, form, button) {
  const fields = new FormData(form, button);
  const field = (/** @type {string} */ name) => String(fields.get(name) ?? "");
  /** @type {HTMLElement} */ (form.closest("[popover]")).hidePopover();
  triage(feed, field("action") || "snooze", [field("id")], { until: field("until"), at: field("at") });
}
