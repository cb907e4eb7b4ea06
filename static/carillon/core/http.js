/** Requests to our own server. */
import { config } from "./config.js";

/**
 * Post what a form would. Rejects unless it worked.
 * @param {string} url
 * @param {URLSearchParams | Record<string, string>} fields
 * @returns {Promise<Response>}
 */
export async function post(url, fields) {
  const response = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": config.csrf },
    body: new URLSearchParams(fields),
  });
  if (!response.ok || response.redirected) throw new HttpError(response);
  return response;
}

/**
 * Fetch a fragment or numbers. Rejects unless it worked; a sign-in page in its place is a failure too.
 * @param {string} url
 * @returns {Promise<Response>}
 */
export async function get(url) {
  const response = await fetch(url, { headers: { "X-Requested-With": "carillon" } });
  if (!response.ok || response.redirected) throw new HttpError(response);
  return response;
}

export class HttpError extends Error {
  /** @param {Response} response */
  constructor(response) {
    super(`${response.url} answered ${response.status}`);
    this.response = response;
  }
}
