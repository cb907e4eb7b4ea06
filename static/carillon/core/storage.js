/** What the tabs of one person remember together, in this browser. A browser that keeps nothing is no error. */
import { config } from "./config.js";

/** @param {string} name */
export const keyOf = (name) => `carillon-${config.user}-${name}`;

/** @param {string} name */
export function recall(name) {
  try {
    return localStorage.getItem(keyOf(name)) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string | number} value
 */
export function remember(name, value) {
  try {
    localStorage.setItem(keyOf(name), String(value));
  } catch {
    // Storage is switched off or full: each tab goes by what it knows itself.
  }
}
