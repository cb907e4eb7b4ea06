/** Place in a feed: how many pages are loaded, and which row is where, so that a way back or a reload ends there again. */
import { config } from "../core/config.js";
import { rowsOf } from "./rows.js";

/**
 * @typedef {import("./feed.js").CarillonFeed} CarillonFeed
 * @typedef {{pages: number, id?: string, top: number, hasFocus: boolean}} Place `top`: in pixels, of the row with `id`
 */

/** As near the top nothing needs to be found again. */
const TOP = 60;
const name = () => `carillon-${config.user}-place-${location.pathname}${location.search}`;

/**
 * The row that has the focus, as one that was opened has; otherwise the first that is in sight.
 * @param {CarillonFeed} feed
 * @returns {Place}
 */
export function placeOf(feed) {
  const rows = feed.list ? rowsOf(feed.list) : [];
  const focused = rows.find((row) => row.contains(document.activeElement));
  const edge = feed.isPanel ? (feed.scroller?.getBoundingClientRect().top ?? 0) : TOP;
  const seen = focused ?? rows.find((row) => row.getBoundingClientRect().bottom > edge);
  const scrolled = feed.isPanel ? (feed.scroller?.scrollTop ?? 0) : scrollY;
  const isAway = scrolled > TOP || Boolean(focused);
  const top = seen?.getBoundingClientRect().top ?? 0;
  return { pages: feed.loaded ?? 0, id: isAway ? seen?.dataset.id : undefined, top, hasFocus: Boolean(focused) };
}

/**
 * @param {CarillonFeed} feed
 * @param {Place} place
 */
export function goTo(feed, { id, top, hasFocus }) {
  const row = id && feed.list ? rowsOf(feed.list, Number(id))[0] : null;
  if (!row) return;
  const scroller = feed.isPanel ? feed.scroller : window;
  // Rows that were never laid out have guessed heights: the second time those in sight have their own.
  const settle = () => scroller?.scrollBy({ top: row.getBoundingClientRect().top - top, behavior: "instant" });
  settle();
  requestAnimationFrame(settle);
  if (hasFocus) /** @type {HTMLElement} */ (row.querySelector(".row-title a")).focus({ preventScroll: true });
}

/** For browsers that keep no page for the way back. @param {CarillonFeed} feed @param {AbortSignal} signal */
export function rememberPlace(feed, signal) {
  addEventListener("pagehide", () => sessionStorage.setItem(name(), JSON.stringify(placeOf(feed))), { signal });
}

/** The place that this page had when it was left, where one has come back to it. @returns {Place | null} */
export function placeLeft() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return navigation?.type === "back_forward" ? JSON.parse(sessionStorage.getItem(name()) ?? "null") : null;
}
