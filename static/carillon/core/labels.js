/** Words and icons for what the server names: sentences, categories, reasons, event types. */
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

/** @param {string} category */
export function categoryWord(category) {
  const plain = category.replaceAll("_", " ");
  return config.categories[category] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** @param {import("./config.js").Row} row */
export function reasonWords(row) {
  return (row.category === "job" && config.jobReasons[row.reason]) || config.reasons[row.reason] || "";
}

/**
 * @param {string} type
 * @param {string} category
 */
export function iconOf(type, category) {
  const { type: byType, verb, category: byCategory } = config.icons;
  return byType[type] ?? verb[type.split(".").at(-1) ?? ""] ?? byCategory[category] ?? "bell";
}

/**
 * @param {Element | null} where
 * @param {string} name
 */
export function setIcon(where, name) {
  where?.querySelector("use")?.setAttribute("href", `#carillon-${name}`);
}
