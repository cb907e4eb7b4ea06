/** Keyboard navigation of a feed: from row to row, out of it, and marking. On the inbox page j and k begin anywhere. */
import { pressed } from "../triage/keys.js";
import { rowsOf } from "./rows.js";

const STEPS = { PageDown: 1, j: 1, PageUp: -1, k: -1 };

/**
 * @param {HTMLElement} feed
 * @param {KeyboardEvent} event
 */
export function handleKey(feed, event) {
  const here = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".carillon-row"));
  if (pressed(feed, here, event)) return;
  if (event.altKey || event.metaKey || (!here && event.key.length > 1)) return;
  if (!here) {
    if (event.key === "j" || event.key === "k") firstInSight(feed)?.focus({ preventScroll: true });
    return;
  }
  if (event.key === "u" && !event.ctrlKey) {
    /** @type {HTMLElement | null} */ (here.querySelector(".row-act"))?.click();
    return;
  }
  if (event.key === "A" && event.shiftKey && !event.ctrlKey) {
    /** @type {HTMLFormElement | null} */ (feed.querySelector("[data-act=read-all]"))?.requestSubmit();
    return;
  }
  const next = event.ctrlKey ? outside(feed, event.key) : neighbour(feed, here, event.key);
  if (!next) return;
  event.preventDefault();
  next.focus();
}

/** @param {HTMLElement} feed */
function firstInSight(feed) {
  const row = rowsOf(feed).find((one) => one.getBoundingClientRect().top > 0);
  return /** @type {HTMLElement | null} */ (row?.querySelector(".row-title a") ?? null);
}

/**
 * @param {HTMLElement} feed
 * @param {HTMLElement} here
 * @param {string} key
 * @returns {HTMLElement | null}
 */
function neighbour(feed, here, key) {
  const step = STEPS[/** @type {keyof typeof STEPS} */ (key)];
  const rows = rowsOf(feed);
  if (!step) return null;
  const link = rows[rows.indexOf(here) + step]?.querySelector(".row-title a") ?? null;
  const last = step === 1 ? feed.querySelector(".feed-more a") : null;
  return /** @type {HTMLElement | null} */ (link ?? last);
}

/**
 * @param {HTMLElement} feed
 * @param {string} key
 * @returns {HTMLElement | null}
 */
function outside(feed, key) {
  if (key === "Home") return feed.querySelector(".chip");
  return key === "End" ? feed.querySelector(".feed-more a, .panel-foot a") : null;
}
