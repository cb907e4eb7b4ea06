/** Search while one types: the rows and the address follow. Without scripts it is a form like any other. */
import { say } from "../core/config.js";
import { rowsOf } from "../feed/rows.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

/** Milliseconds without a key. */
const PAUSE = 250;

/**
 * @param {CarillonFeed} feed
 * @param {AbortSignal} signal
 */
export function followSearch(feed, signal) {
  const form = /** @type {HTMLFormElement | null} */ (feed.querySelector(".feed-search"));
  if (!form) return;
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("q"));
  let timer = 0;
  let asking = new AbortController();
  const search = async () => {
    clearTimeout(timer);
    const q = input.value.trim();
    if (q === feed.dataset.q) return;
    asking.abort();
    asking = new AbortController();
    const { signal: stale } = asking;
    feed.dataset.q = q;
    follow(feed, form, q);
    await feed.reload({ pages: 0, top: 0, hasFocus: false }, stale);
    if (stale.aborted || !feed.list) return;
    const more = feed.querySelector(".feed-more") ? "+" : "";
    /** @type {HTMLElement} */ (form.querySelector("[role=status]")).textContent = say("found", { n: `${rowsOf(feed.list).length}${more}` });
  };
  form.addEventListener("input", () => (clearTimeout(timer), (timer = setTimeout(search, PAUSE))), { signal });
  form.addEventListener("submit", (event) => (event.preventDefault(), search()), { signal });
}

/**
 * The address and the filters keep the words.
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 * @param {string} q
 */
function follow(feed, form, q) {
  const address = new URL(form.action);
  for (const [name, value] of new FormData(form)) address.searchParams.set(name, String(value));
  set(address, q);
  history.replaceState(history.state, "", address);
  for (const link of feed.querySelectorAll(".filters a")) {
    const chip = /** @type {HTMLAnchorElement} */ (link);
    const to = new URL(chip.href);
    set(to, q);
    chip.href = to.href;
  }
}

/**
 * @param {URL} address
 * @param {string} q
 */
function set(address, q) {
  if (q) address.searchParams.set("q", q);
  else address.searchParams.delete("q");
}
