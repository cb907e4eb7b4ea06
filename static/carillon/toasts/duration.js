/** Duration of toasts, as the person chooses it for this browser. */
import { load, save } from "../core/storage.js";

const KEY = "life";
const LEAST = 5_000;
const MOST = 15_000;

/**
 * Milliseconds, as the person has chosen; else five seconds, longer for longer texts. Infinite: the toast stays.
 * @param {string} text
 */
export function durationOf(text) {
  const chosen = load(KEY);
  if (chosen === "never") return Infinity;
  return Number(chosen) * 1_000 || Math.min(MOST, Math.max(LEAST, 1_500 + 60 * text.length));
}

/** Let the select of the preferences page choose it. @param {HTMLElement} element */
export function bindDurationSelect(element) {
  const select = /** @type {HTMLSelectElement} */ (element);
  select.value = load(KEY);
  select.disabled = false;
  select.addEventListener("change", () => save(KEY, select.value));
}
