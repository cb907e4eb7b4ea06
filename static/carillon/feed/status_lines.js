/** The lines above the rows: do-not-disturb, what can be undone, how the connection is. */
import { say } from "../core/config.js";
import { store } from "../core/store.js";
import { endWords } from "./time.js";

/** @type {WeakMap<HTMLElement, number>} */
const timers = new WeakMap();

/**
 * No words: no line.
 * @param {HTMLElement} feed
 * @param {string} name
 * @param {string} words
 * @param {number} [during]
 */
export function note(feed, name, words, during = 0) {
  const line = lineOf(feed, name);
  if (!line) return;
  line.hidden = !words;
  /** @type {HTMLElement} */ (line.querySelector(".words")).textContent = words;
  clearTimeout(timers.get(line));
  if (during) timers.set(line, setTimeout(() => line.matches(":focus-within") || (line.hidden = true), during));
}

/** @param {HTMLElement} feed */
export function showQuiet(feed) {
  const { dnd_until: until } = store.settings;
  const words = until ? say("quietUntil", { time: endWords(Date.parse(until)) }) : say("quiet");
  note(feed, "quiet", store.isQuiet ? words : "");
}

/**
 * @param {HTMLElement} feed
 * @param {import("../core/store.js").Status} status
 */
export function showConnection(feed, status) {
  const line = lineOf(feed, "connection");
  if (!line) return;
  const link = /** @type {HTMLElement} */ (line.querySelector("a"));
  link.hidden = status !== "signed-out";
  if (status === "live") note(feed, "connection", line.hidden ? "" : say("liveAgain"), 2_000);
  else if (status === "down") note(feed, "connection", say("reconnecting"));
  else if (status === "polling") note(feed, "connection", say("polling"));
  else if (status === "offline") note(feed, "connection", say("offline", { time: endWords(store.heardAt + store.skew) }));
  else if (status === "signed-out") note(feed, "connection", say("signedOut"));
}

/**
 * @param {HTMLElement} feed
 * @param {string} name
 */
function lineOf(feed, name) {
  return /** @type {HTMLElement | null} */ (feed.querySelector(`[data-note=${name}]`));
}
