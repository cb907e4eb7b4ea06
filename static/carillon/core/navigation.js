/** Says what is about to be opened: a page that has its own way of going there takes over. */
import { address, post } from "./config.js";

/**
 * False: the page has taken over.
 * @param {number | null} id null: the panel
 * @param {string} url
 */
export function mayOpen(id, url) {
  return document.dispatchEvent(new CustomEvent("carillon:open", { detail: { id, url }, cancelable: true }));
}

/** With ctrl, cmd, shift or another button a click is the browser's. @param {MouseEvent} event */
export function isPlain(event) {
  return !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
}

export function followOpening() {
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest("carillon-toasts .title a, carillon-feed .row-title a");
    const { id, url } = /** @type {HTMLElement | null} */ (link?.closest("[data-id]"))?.dataset ?? {};
    if (!Number(id) || event.defaultPrevented || !isPlain(event)) return;
    if (mayOpen(Number(id), url || /** @type {HTMLAnchorElement} */ (link).pathname)) return;
    event.preventDefault();
    // What opens by itself would have been marked on its way.
    post(address("read", id), {}).catch((error) => console.warn(error.message));
  });
}
