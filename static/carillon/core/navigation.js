/** Navigation: `carillon:open` says what is about to be opened, and a page with a router of its own takes over. */
import { address } from "./config.js";
import { post } from "./http.js";

/**
 * Send `carillon:open`. False: the page has taken over.
 * @param {number | null} id null: the panel
 * @param {string} url
 */
export function dispatchOpen(id, url) {
  return document.dispatchEvent(new CustomEvent("carillon:open", { detail: { id, url }, cancelable: true }));
}

/** A click that isn't the browser's own, as one with ctrl, cmd, shift or another button is. @param {MouseEvent} event */
export function isPlainClick(event) {
  return !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
}

/** Send `carillon:open` before a notification's link is followed, in toasts and feeds. */
export function handleOpenClicks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("carillon-toasts .open, carillon-feed .row-title a");
    const { id, url } = /** @type {HTMLElement | null} */ (link?.closest("[data-id]"))?.dataset ?? {};
    if (!Number(id) || event.defaultPrevented || !isPlainClick(event)) return;
    if (dispatchOpen(Number(id), url || /** @type {HTMLAnchorElement} */ (link).pathname)) return;
    event.preventDefault();
    // What opens by itself would have been marked on its way.
    post(address("read", id), {}).catch((error) => console.warn(error.message));
  });
}
