/** Values that the tabs of one person share in this browser's storage. A browser that keeps nothing is no error. */
import { config } from "./config.js";

/** @param {string} name */
export const storageKey = (name) => `carillon-${config.user}-${name}`;

/** @param {string} name */
export function load(name) {
  try {
    return localStorage.getItem(storageKey(name)) ?? "";
  } catch {
    return "";
  }
}

/**
 * @param {string} name
 * @param {string | number} value
 */
export function save(name, value) {
  try {
    localStorage.setItem(storageKey(name), String(value));
  } catch {
    // Storage is switched off or full: each tab goes by what it knows itself.
  }
}
