/** Requests to our own server. Each says whose page asks: where another has signed in since, it is answered 401. */
import { config } from "./config.js";
import { store } from "./store.js";

/**
 * Post what a form would. Rejects unless it worked. What is sent arrives also where the page is left meanwhile.
 * @param {string} url
 * @param {URLSearchParams | Record<string, string>} fields
 * @param {boolean} [keepalive] false: for more than the 64 KB that a browser keeps on its way for pages that are gone
 */
export function post(url, fields, keepalive = true) {
  const headers = { Accept: "application/json", "X-CSRFToken": config.csrf };
  return ask(url, { method: "POST", headers, body: new URLSearchParams(fields), keepalive });
}

/**
 * Fetch numbers. Rejects unless it worked.
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export function get(url, signal) {
  return ask(url, { headers: {}, signal });
}

/**
 * Fetch a page or a part of one. Rejects unless it worked.
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export async function getPart(url, signal) {
  const template = document.createElement("template");
  template.innerHTML = await (await get(url, signal)).text();
  return template.content;
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
async function ask(url, options) {
  const response = await fetch(url, { ...options, headers: { ...options.headers, "X-Carillon-User": config.user } });
  if (response.ok && !response.redirected) return response;
  if (response.status === 401) store.setStatus("signed-out");
  throw new HttpError(response);
}

export class HttpError extends Error {
  /** @param {Response} response */
  constructor(response) {
    super(`${response.url} answered ${response.status}`);
    this.response = response;
  }
}
