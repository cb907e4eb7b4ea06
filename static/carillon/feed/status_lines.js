/** Status lines above the rows: do-not-disturb, undo, connection. */
import { failureWords, signInAddress } from "../core/failure.js";
import { say } from "../core/config.js";
import { store } from "../core/store.js";
import { endWords } from "./parts.js";

/** How long words that offer something, or say what failed, can be read: milliseconds. */
export const NOTE_STAYS = 20_000;
/** @type {WeakMap<HTMLElement, number>} */
const timers = new WeakMap();

/**
 * Show the words in a line, or hide it where there are none; `during` milliseconds, or until the next words.
 * @param {HTMLElement} feed
 * @param {string} name
 * @param {string} words
 * @param {number} [during]
 */
export function showLine(feed, name, words, during = 0) {
  const line = lineOf(feed, name);
  if (!line) return;
  line.hidden = !words;
  /** @type {HTMLElement} */ (line.querySelector(".words")).textContent = words;
  clearTimeout(timers.get(line));
  if (during) timers.set(line, setTimeout(() => line.matches(":focus-within") || (line.hidden = true), during));
}

/**
 * Say above the rows what went wrong. A session that ended says so by itself.
 * @param {HTMLElement} feed
 * @param {unknown} error
 */
export async function showError(feed, error) {
  if (store.status === "signed-out") return;
  showLine(feed, "connection", await failureWords(error), NOTE_STAYS);
  lineOf(feed, "connection")?.scrollIntoView({ block: "nearest" });
}

/** @param {HTMLElement} feed */
export function showDoNotDisturb(feed) {
  const { dnd_until: until } = store.settings;
  const words = until ? say("quietUntil", { time: endWords(Date.parse(until)) }) : say("quiet");
  showLine(feed, "quiet", store.isQuiet ? words : "");
}

/**
 * @param {HTMLElement} feed
 * @param {import("../core/store.js").Status} status
 */
export function showConnection(feed, status) {
  const line = lineOf(feed, "connection");
  if (!line) return;
  const link = /** @type {HTMLAnchorElement} */ (line.querySelector("a"));
  link.href = signInAddress();
  link.hidden = status !== "signed-out";
  if (status === "live") showLine(feed, "connection", line.hidden ? "" : say("liveAgain"), 2_000);
  else if (status === "down") showLine(feed, "connection", say("reconnecting"));
  else if (status === "polling") showLine(feed, "connection", say("polling"));
  else if (status === "offline") showLine(feed, "connection", say("offline", { time: endWords(store.heardAt + store.skew) }));
  else if (status === "signed-out") showLine(feed, "connection", say("signedOut"));
}

/**
 * @param {HTMLElement} feed
 * @param {string} name
 */
function lineOf(feed, name) {
  return /** @type {HTMLElement | null} */ (feed.querySelector(`[data-note=${name}]`));
}
