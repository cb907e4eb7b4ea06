/**
 * What rows and toasts have alike: words for category and reason, icon, initials, progress, what has become of it; and
 * times in words, on the person's own wall clock, kept current by one timer.
 */
import { address, config, say } from "../core/config.js";
import { store } from "../core/store.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const { language: asked, zone } = config ?? { language: "en", zone: "UTC" };
// The server writes 24 Nov, not Nov 24.
const language = asked === "en" ? "en-GB" : asked;

/** @type {(options: Intl.DateTimeFormatOptions) => Intl.DateTimeFormat} */
const format = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
const clock = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayAndClock = format({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const withYear = format({ day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const shortDay = format({ weekday: "short" });
const weekday = format({ weekday: "long", day: "numeric", month: "long" });
const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });

/** The calendar day, as in 2026-11-24. @param {number} at */
export function dayKey(at) {
  return parts.format(at);
}

/** @param {number} at */
function daysAgo(at) {
  return Math.round((Date.parse(dayKey(store.now())) - Date.parse(dayKey(at))) / (24 * HOUR));
}

/** @param {number} at */
export function dayWords(at) {
  const ago = daysAgo(at);
  return ago === 0 ? say("today") : ago === 1 ? say("yesterday") : weekday.format(at);
}

/** @param {number} at */
export function timeWords(at) {
  const age = store.now() - at;
  const ago = daysAgo(at);
  if (age < 45_000) return say("justNow");
  if (age < HOUR) return say("minutesAgo", { n: Math.max(1, Math.floor(age / MINUTE)) });
  if (ago <= 0) return say("hoursAgo", { n: Math.floor(age / HOUR) });
  if (ago === 1) return say("yesterdayAt", { time: clock.format(at) });
  return dated(at);
}

/** Day and time, with the year where it is another one. @param {number} at */
function dated(at) {
  return (dayKey(at).slice(0, 4) === dayKey(store.now()).slice(0, 4) ? dayAndClock : withYear).format(at);
}

/** The time of day alone. @param {number} at */
export function clockWords(at) {
  return clock.format(at);
}

/** @param {number} at */
export function fullWords(at) {
  return `${withYear.format(at)} (${zone})`;
}

/** A moment to come: the time alone if it is today. @param {number} at */
export function endWords(at) {
  return dayKey(at) === dayKey(store.now()) ? clock.format(at) : `${shortDay.format(at)} ${dated(at)}`;
}

/** @param {ParentNode} root */
export function refreshTimes(root) {
  for (const time of root.querySelectorAll("time.row-time")) {
    const words = timeWords(Date.parse(/** @type {HTMLTimeElement} */ (time).dateTime));
    if (time.textContent !== words) time.textContent = words;
  }
}

export function keepTimes() {
  setInterval(() => document.hidden || refreshTimes(document), 30_000);
  document.addEventListener("visibilitychange", () => document.hidden || refreshTimes(document));
}

/** @param {string} category */
export function categoryWord(category) {
  const plain = category.replaceAll("_", " ");
  return config.categories[category] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** @param {import("../core/config.js").Row} row */
export function reasonWords(row) {
  if (row.reason.startsWith("group:")) return config.words.inGroup.replace("{name}", () => row.reason.slice(6));
  return (row.category === "job" && config.jobReasons[row.reason]) || config.reasons[row.reason] || "";
}

/** What has become of it: over, or somebody is on it. @param {import("../core/config.js").Row} row */
export function stateWords({ is_over: isOver, acknowledged_by: name }) {
  return isOver ? say("over") : name ? say("onIt", { name }) : "";
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
 * A failure's icon is filled, so that not colour alone tells of it.
 * @param {HTMLElement} node
 * @param {import("../core/config.js").Row} row
 * @param {string} title id of its title, which names the progress
 */
export function dressTile(node, { id, event_type: type, category, initials, progress, acknowledged_by: taken }, title) {
  const who = node.querySelector(".tile .who");
  const bar = /** @type {HTMLProgressElement | null} */ (node.querySelector("progress"));
  setIcon(node.querySelector(".tile"), iconOf(type, category));
  if (who) who.textContent = initials ?? "";
  node.toggleAttribute("data-failed", config.icons.failures.includes(type.split(".").at(-1)));
  const take = /** @type {HTMLButtonElement} */ (node.querySelector(".take"));
  take.hidden = taken !== "";
  take.formAction = address("acknowledge", id);
  if (!bar) return;
  bar.hidden = typeof progress !== "number";
  bar.value = progress ?? 0;
  bar.setAttribute("aria-labelledby", title);
}
