/**
 * What the server wrote into the page for the scripts: where the inbox stands, addresses, words, icons.
 *
 * @typedef {{id: number, seq: number, feed_seq: number, event_type: string, category: string, is_critical: boolean,
 *   title: string, body: string, display_title?: string, display_body?: string, initials?: string, progress?: number | null, url: string, reason: string, is_read: boolean, created_at: string, done_at?: string | null, snoozed_until?: string | null, is_over?: boolean, acknowledged_by?: string | null}} Row
 * @typedef {{dnd_enabled: boolean, dnd_until: string | null, digest_enabled?: boolean, timezone?: string}} Settings
 */

const block = document.getElementById("carillon-config");

/** Null on a page for nobody. */
export const config = block ? JSON.parse(block.textContent ?? "") : null;

/**
 * One of the server's addresses, for one notification.
 * @param {string} name
 * @param {number | string} [id]
 */
export function address(name, id = 0) {
  return config.urls[name].replace(/\/0\/(?!.*\/0\/)/, `/${id}/`);
}

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
