/**
 * What the server wrote into the page for the scripts: where the inbox stands, addresses, words, icons.
 *
 * @typedef {{id: number, seq: number, feed_seq: number, event_type: string, category: string, is_critical: boolean,
 *   title: string, body: string, url: string, reason: string, is_read: boolean, created_at: string}} Row
 * @typedef {{dnd_enabled: boolean, dnd_until: string | null, digest_enabled?: boolean, timezone?: string}} Settings
 */

const block = document.getElementById("carillon-config");

/** Null on a page for nobody. */
export const config = block ? JSON.parse(block.textContent ?? "") : null;

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

/** @param {Row} row */
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

/**
 * One of the server's addresses, for one notification.
 * @param {string} name
 * @param {number | string} [id]
 */
export function address(name, id = 0) {
  return config.urls[name].replace("/0/", `/${id}/`);
}

/**
 * Post what a form would. Rejects unless it worked.
 * @param {string} url
 * @param {URLSearchParams | Record<string, string>} fields
 * @returns {Promise<Response>}
 */
export async function post(url, fields) {
  const answer = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": config.csrf },
    body: new URLSearchParams(fields),
  });
  if (!answer.ok || answer.redirected) throw new Failure(answer);
  return answer;
}

/**
 * Fetch a fragment or numbers. Rejects unless it worked; a sign-in page in its place is a failure too.
 * @param {string} url
 * @returns {Promise<Response>}
 */
export async function get(url) {
  const answer = await fetch(url, { headers: { "X-Requested-With": "carillon" } });
  if (!answer.ok || answer.redirected) throw new Failure(answer);
  return answer;
}

export class Failure extends Error {
  /** @param {Response} answer */
  constructor(answer) {
    super(`${answer.url} answered ${answer.status}`);
    this.answer = answer;
  }
}
