/** Older rows: they come by themselves for a while; then the link asks, so that the page has an end one can reach. */
import { getPart } from "../core/http.js";
import { say } from "../core/config.js";
import { merge } from "./rows.js";
import { refreshTimes } from "./parts.js";

/** @typedef {import("./feed.js").CarillonFeed} CarillonFeed */

const AUTOMATIC_PAGES = 5;

/** @param {CarillonFeed} feed */
export function watchOlder(feed) {
  feed.observer?.disconnect();
  const link = olderLink(feed);
  if (!link || (feed.loaded ?? 0) >= AUTOMATIC_PAGES) return;
  const root = feed.isPanel ? feed.scroller : null;
  feed.observer = new IntersectionObserver(
    (entries) => entries.some((entry) => entry.isIntersecting) && loadOlder(feed, link),
    { root, rootMargin: "600px" },
  );
  feed.observer.observe(link);
}

/** @param {ParentNode} feed */
function olderLink(feed) {
  return /** @type {HTMLAnchorElement | null} */ (feed.querySelector(".feed-more a"));
}

/**
 * Page one and as many older ones as there were.
 * @param {string} url
 * @param {number} pages
 * @param {AbortSignal} [stale] aborted: nobody wants them any more
 */
export async function fetchPages(url, pages, stale) {
  const fragment = await getPart(url, stale);
  for (let page = 0; page < pages; page += 1) {
    const link = olderLink(fragment);
    if (!link) break;
    const older = await getPart(link.dataset.rows ?? "", stale);
    link.closest(".feed-more")?.remove();
    merge(fragment, older);
  }
  return fragment;
}

/**
 * @param {CarillonFeed} feed
 * @param {HTMLAnchorElement} link
 */
export async function loadOlder(feed, link) {
  const { list } = feed;
  if (link.dataset.busy || !list) return;
  link.dataset.busy = "yes";
  feed.observer?.disconnect();
  const feeds = list.querySelectorAll("[role=feed]");
  feeds.forEach((day) => day.setAttribute("aria-busy", "true"));
  try {
    const fragment = await getPart(link.dataset.rows ?? "");
    link.closest(".feed-more")?.remove();
    merge(list, fragment);
    feed.loaded = (feed.loaded ?? 0) + 1;
    refreshTimes(feed);
    watchOlder(feed);
  } catch {
    link.textContent = `${say("loadFailed")} ${say("retry")}`;
  } finally {
    delete link.dataset.busy;
    feeds.forEach((day) => day.setAttribute("aria-busy", "false"));
  }
}
