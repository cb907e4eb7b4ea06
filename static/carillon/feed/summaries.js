/** The rows above the feed: what do-not-disturb, quiet hours and digests gave back, until somebody has seen it. */
import { config } from "../core/config.js";
import { getPart, post } from "../core/http.js";
import { store } from "../core/store.js";

/**
 * @typedef {HTMLElement & {isFree: boolean}} Feed
 * @typedef {import("../core/store.js").Summary} Summary
 */

/**
 * @param {Feed} feed
 * @param {AbortSignal} signal
 */
export function followSummaries(feed, signal) {
  let isWaiting = false;
  const refresh = async () => {
    // Nothing under a pointer or the focus ever moves: it waits until both are elsewhere.
    isWaiting = !feed.isFree;
    if (isWaiting) return;
    const fresh = await getPart(config.urls.summaries).catch(() => null);
    if (fresh) feed.querySelector(".feed-summaries")?.replaceChildren(fresh);
  };
  store.on("summary", (/** @type {Summary} */ { id, is_read: isRead }) => (isRead ? drop(feed, id) : refresh()), signal);
  store.on("read_all", ({ up_to: upTo, category }) => category || dropUpTo(feed, upTo), signal);
  store.on("resync", refresh, signal);
  for (const name of ["pointerleave", "focusout"]) {
    feed.addEventListener(name, () => setTimeout(() => isWaiting && refresh(), 400), { signal });
  }
}

/** @param {HTMLFormElement} form */
export async function readSummary(form) {
  const row = form.closest("[data-summary]");
  await post(form.action, {});
  row?.remove();
}

/**
 * @param {Feed} feed
 * @param {number} id
 */
function drop(feed, id) {
  feed.querySelector(`[data-summary="${id}"]`)?.remove();
}

/**
 * @param {Feed} feed
 * @param {number} upTo
 */
function dropUpTo(feed, upTo) {
  for (const note of feed.querySelectorAll("[data-summary]")) {
    if (Number(/** @type {HTMLElement} */ (note).dataset.seq) <= upTo) note.remove();
  }
}
