// A small client for Carillon: publish, read the log and a feed, listen to a socket, verify webhooks. No dependency, for
// browsers and Node 20. Its types are in carillon.d.ts; what it does when something fails, in docs/contracts.md.

/**
 * @typedef {import("./carillon.js").Frame} Frame
 * @typedef {import("./carillon.js").NewEvent} NewEvent
 * @typedef {import("./carillon.js").Row} Row
 * @typedef {Record<string, string | number>} Query
 * @typedef {{ method: string, headers: Record<string, string>, body?: string, redirect: "error" }} Sent
 * @typedef {{ value: any, headers: Headers }} Answer
 * @typedef {{ answer: Answer } | { answer?: undefined, failure: Error, wait?: number }} Outcome
 * @typedef {{ onFrame: (frame: Frame) => void, seq?: number, open: (url: string) => WebSocket,
 *   onEnd: (error: RefusedError) => void }} Listening
 */

/** Events that one request may hold. */
const BATCH = 1000;
const FIRST_PAUSE = 0.2;
const LONGEST_PAUSE = 10;
const FIRST_RECONNECT = 0.5;
const LONGEST_RECONNECT = 30;
const STABLE_AFTER = 30;
const UNAUTHENTICATED = 4401;
const TOO_MANY = 4429;
/** Seconds by which a timestamp may be off, either way. */
const TOLERANCE = 300;

export class RefusedError extends Error {
  name = "RefusedError";

  /** @param {number} status @param {{ code?: string, detail?: string, errors?: Row[] }} problem */
  constructor(status, { code = "unknown", detail = "", errors = [] } = {}) {
    super(`${status} ${code}: ${detail}`);
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = errors;
  }
}

export class UnavailableError extends Error {
  name = "UnavailableError";
}

export class BadSignatureError extends Error {
  name = "BadSignatureError";
}

export class Carillon {
  /** @param {import("./carillon.js").Options} options */
  constructor({ url = "", key, csrfToken, csrfHeader = "X-CSRFToken", deadline = 30, api = "/api/v1" } = {}) {
    this.url = (url || globalThis.location.origin).replace(/\/$/, "");
    this.deadline = deadline;
    this.api = this.url + api;
    /** @type {Record<string, string>} */
    this.headers = { Accept: "application/json" };
    if (key) this.headers.Authorization = `Bearer ${key}`;
    if (csrfToken) this.headers[csrfHeader] = csrfToken;
  }

  /**
   * Publish one event. `key`: the idempotency key; without one a random one, for the repeats of this call alone.
   * @param {NewEvent} event @param {{ key?: string }} options @returns {Promise<Row>}
   */
  async publish(event, { key = randomKey() } = {}) {
    return (await this.call("POST", "/events", { content: event, key })).value;
  }

  /**
   * Publish these in their order: each thousand whole or not at all. The same key asks for the same events.
   * @param {NewEvent[]} events @param {{ key?: string }} options @returns {Promise<Row[]>}
   */
  async publishMany(events, { key = randomKey() } = {}) {
    const published = [];
    for (let start = 0; start < events.length; start += BATCH) {
      const own = start ? `${key}.${start / BATCH}` : key;
      const content = events.slice(start, start + BATCH);
      published.push(...(await this.call("POST", "/events", { content, key: own })).value);
    }
    return published;
  }

  /** Read the log behind a position, to its end. A page at a time. */
  events({ after = 0, type = "" } = {}) {
    return this.pages("/events", { after, limit: 100, type });
  }

  /** Read the feed, the newest first. A page at a time. */
  feed({ unreadOnly = false, category = "" } = {}) {
    return this.pages("/notifications", { unread_only: unreadOnly ? "true" : "", category });
  }

  /** Read what was sent, the newest first. A page at a time. */
  deliveries({ state = "" } = {}) {
    return this.pages("/deliveries", { state });
  }

  /** @param {number} deliveryId @returns {Promise<Row>} */
  async resend(deliveryId) {
    return (await this.call("POST", `/deliveries/${deliveryId}/resend`)).value;
  }

  /**
   * Hand on the frames of the socket until the function that this returns is called.
   * @param {(frame: Frame) => void} onFrame @param {Partial<Omit<Listening, "onFrame">>} options
   */
  listen(onFrame, { seq, open = (url) => new WebSocket(url), onEnd = () => {} } = {}) {
    const listener = new Listener(this.url.replace(/^http/, "ws"), { onFrame, seq, open, onEnd });
    listener.connect();
    return () => listener.stop();
  }

  /** @param {string} path @param {Query} asked @returns {AsyncGenerator<Row>} */
  async *pages(path, asked) {
    const given = Object.entries(asked).flatMap(([name, value]) => (value === "" ? [] : [[name, String(value)]]));
    /** @type {string | undefined} */
    let query = given.length ? `?${new URLSearchParams(given)}` : "";
    while (query !== undefined) {
      /** @type {Answer} */
      const { value, headers } = await this.call("GET", path + query);
      yield* value;
      // Only the query of the link: behind a proxy its host may be another.
      query = /<[^>?]*(\?[^>]*)>; rel="next"/.exec(headers.get("Link") ?? "")?.[1];
    }
  }

  /**
   * Send until it is answered, or the deadline is there. Only what may arrive twice.
   * @param {string} method @param {string} path @param {{ content?: unknown, key?: string }} options
   * @returns {Promise<Answer>}
   */
  async call(method, path, { content, key } = {}) {
    const headers = { ...this.headers };
    if (content !== undefined) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const ends = Date.now() + this.deadline * 1000;
    const body = content === undefined ? undefined : JSON.stringify(content);
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await once(this.api + path, { method, headers, body, redirect: "error" }, ends);
      if (outcome.answer) return outcome.answer;
      const pause = outcome.wait ?? Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** attempt);
      if (Date.now() + pause * 1000 >= ends) throw outcome.failure;
      await new Promise((resolve) => setTimeout(resolve, pause * 1000));
    }
  }
}

/**
 * One attempt: its answer, or why to try again and after how many seconds. Throws what no repeat would change.
 * @param {string} url @param {Sent} request @param {number} ends @returns {Promise<Outcome>}
 */
async function once(url, request, ends) {
  // The DOM of TypeScript 4.8 has no such function yet.
  const signals = /** @type {typeof AbortSignal & { timeout(ms: number): AbortSignal }} */ (AbortSignal);
  let response;
  let text;
  try {
    response = await fetch(url, { ...request, signal: signals.timeout(Math.max(ends - Date.now(), 1)) });
    text = await response.text();
  } catch (error) {
    return { failure: new UnavailableError(`no answer from ${url}: ${error}`, { cause: error }) };
  }
  if (response.ok) return { answer: { value: JSON.parse(text), headers: response.headers } };
  const failure = new RefusedError(response.status, problem(text));
  const wait = askedPause(response.headers.get("Retry-After"));
  // A 429 without a word of when is one that waiting doesn't help.
  if (response.status < 500 && (response.status !== 429 || wait === undefined)) throw failure;
  return { failure, wait };
}

/** @param {string} text */
function problem(text) {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page.
    return { detail: text.slice(0, 200) };
  }
}

/**
 * Seconds that the server asks to wait: a number, or until a date.
 * @param {string | null} text
 */
function askedPause(text) {
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const left = (Date.parse(text) - Date.now()) / 1000;
  return Number.isNaN(left) ? undefined : Math.max(left, 0);
}

function randomKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A socket that is opened again when it is cut off: nothing twice, and nothing left out. */
class Listener {
  /** @param {string} site @param {Listening} listening */
  constructor(site, { onFrame, seq, open, onEnd }) {
    this.site = site;
    this.onFrame = onFrame;
    this.seq = seq;
    this.open = open;
    this.onEnd = onEnd;
    this.failures = 0;
    this.isResuming = false;
    this.isStopped = false;
    /** @type {WebSocket | undefined} */
    this.socket = undefined;
  }

  connect() {
    if (this.isStopped) return;
    this.isResuming = false;
    const socket = this.open(`${this.site}/ws/notifications/${this.seq === undefined ? "" : `?seq=${this.seq}`}`);
    this.socket = socket;
    socket.onmessage = ({ data }) => this.isStopped || this.hear(JSON.parse(data));
    socket.onerror = () => {};
    socket.onclose = ({ code }) => this.lost(code);
  }

  /** @param {Frame} frame */
  hear(frame) {
    const seq = frame.seq || undefined;
    const isHello = frame.type === "hello";
    if (isHello) {
      this.isResuming = false;
      this.stable = setTimeout(() => (this.failures = 0), STABLE_AFTER * 1000);
    } else if (seq !== undefined && this.seq !== undefined) {
      if (seq <= this.seq) return;
      if (seq > this.seq + 1) {
        if (!this.isResuming) this.socket?.send(JSON.stringify({ type: "resume", seq: this.seq }));
        this.isResuming = true;
        return;
      }
    }
    if (isHello || seq !== undefined) this.seq = frame.seq;
    this.onFrame(frame);
  }

  /** @param {number} code */
  lost(code) {
    clearTimeout(this.stable);
    if (this.isStopped) return;
    if (code === UNAUTHENTICATED) {
      this.isStopped = true;
      this.onEnd(new RefusedError(401, { code: "unauthenticated", detail: "The key or session does not hold." }));
      return;
    }
    // Full jitter: a thousand clients that lost one server don't come back in the same moment.
    const most = code === TOO_MANY ? LONGEST_RECONNECT : FIRST_RECONNECT * 2 ** this.failures;
    this.failures += 1;
    this.retry = setTimeout(() => this.connect(), Math.random() * Math.min(LONGEST_RECONNECT, most) * 1000);
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.retry);
    clearTimeout(this.stable);
    this.socket?.close();
  }
}

/**
 * Give what a webhook says, if one of these secrets has signed it lately; `now`: seconds since 1970.
 * @param {string | Uint8Array} body @param {Headers | Record<string, string>} headers
 * @param {{ secrets: string[], now?: number }} options @returns {Promise<Row>}
 */
export async function verify(body, headers, { secrets, now = Date.now() / 1000 }) {
  const said = new Headers(headers);
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) => said.get(`webhook-${name}`) ?? "");
  if (!id || !/^\d+$/.test(timestamp) || !signatures)
    throw new BadSignatureError("webhook-id, webhook-timestamp and webhook-signature are needed, and one is missing");
  if (Math.abs(now - Number(timestamp)) > TOLERANCE)
    throw new BadSignatureError(`its timestamp is more than ${TOLERANCE} seconds off`);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const content = new Uint8Array([...new TextEncoder().encode(`${id}.${timestamp}.`), ...bytes]);
  for (const secret of secrets) {
    const name = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", decoded(secret.replace(/^whsec_/, "")), name, false, ["verify"]);
    for (const one of signatures.split(" ").filter((text) => text.startsWith("v1,"))) {
      if (await crypto.subtle.verify("HMAC", key, decodedOrNothing(one.slice(3)), content))
        return JSON.parse(new TextDecoder().decode(bytes));
    }
  }
  throw new BadSignatureError("none of its signatures is of one of the secrets");
}

/** @param {string} text */
function decoded(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {string} text */
function decodedOrNothing(text) {
  try {
    return decoded(text);
  } catch {
    return new Uint8Array();
  }
}
