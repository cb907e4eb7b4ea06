/** How long toasts stay, as the person chooses it for this browser. */
import { recall, remember } from "../core/storage.js";

/** @param {HTMLElement} select */
export function offer(select) {
  const chooser = /** @type {HTMLSelectElement} */ (select);
  chooser.value = recall("life");
  chooser.disabled = false;
  chooser.addEventListener("change", () => remember("life", chooser.value));
}
