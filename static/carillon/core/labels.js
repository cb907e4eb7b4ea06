/** Sentences in the person's language, and numbers as they are shown. */
import { config } from "./config.js";

/**
 * A sentence in the person's language.
 * @param {string} name
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function say(name, values = {}) {
  return config.words[name].replace(/\{(\w+)\}/g, (/** @type {string} */ _, /** @type {string} */ key) => values[key]);
}

/**
 * A number as it is shown on the bell or in lists: "99+" above the most.
 * @param {number} number
 * @param {"bell" | "list"} place
 */
export function capped(number, place = "list") {
  const most = config.most[place];
  return number > most ? `${most}+` : String(number);
}
