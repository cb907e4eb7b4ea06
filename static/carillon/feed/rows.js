/** Rows of the feed: the server's own template, filled in, kept by day and in order. */
import { address, say } from "../core/config.js";
import { categoryWord, dayKey, dayWords, dressTile, fullWords, reasonWords, stateWords, timeWords } from "./parts.js";

/** @typedef {import("../core/config.js").Row} Row */

/** Longer titles are shown whole on hovering. */
const LONG = 60;

/** @param {string} id */
function template(id) {
  const found = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  return /** @type {HTMLElement} */ (found.content.firstElementChild?.cloneNode(true));
}

/**
 * All rows, or those of one notification.
 * @param {ParentNode} list
 * @param {number} [id]
 * @returns {HTMLElement[]}
 */
export function rowsOf(list, id) {
  return [...list.querySelectorAll(id === undefined ? ".carillon-row" : `.carillon-row[data-id="${id}"]`)].map(
    (row) => /** @type {HTMLElement} */ (row),
  );
}

/**
 * @param {HTMLElement} node
 * @param {Row} row
 * @param {string} place
 */
export function fill(node, row, place) {
  const at = Date.parse(row.created_at);
  const name = `${place}-${row.id}`;
  Object.assign(node.dataset, { id: row.id, feedSeq: row.feed_seq, category: row.category });
  node.setAttribute("aria-labelledby", `${name}-title`);
  node.setAttribute("aria-describedby", `${name}-about`);
  const title = /** @type {HTMLElement} */ (node.querySelector(".row-title"));
  title.id = `${name}-title`;
  /** @type {HTMLElement} */ (node.querySelector(".row-about")).id = `${name}-about`;
  /** @type {HTMLAnchorElement} */ (title.querySelector("a")).href = address("open", row.id);
  dressTile(node, row, `${name}-title`);
  const shown = { title: row.display_title || row.title, body: row.display_body || row.body };
  const slots = { ...shown, category: categoryWord(row.category), reason: reasonWords(row) };
  for (const [slot, text] of Object.entries(slots)) {
    /** @type {HTMLElement} */ (node.querySelector(`[data-slot=${slot}]`)).textContent = text;
  }
  const said = /** @type {HTMLElement} */ (title.querySelector("[data-slot=title]"));
  said.title = row.title.length > LONG ? row.title : "";
  const reason = /** @type {HTMLAnchorElement} */ (node.querySelector("[data-slot=reason]"));
  reason.href = `${address("preferences")}#type-${row.event_type}`;
  const time = /** @type {HTMLTimeElement} */ (node.querySelector("time"));
  time.dateTime = row.created_at;
  time.title = fullWords(at);
  time.textContent = timeWords(at);
  const check = /** @type {HTMLInputElement | null} */ (node.querySelector(".row-check"));
  node.querySelectorAll(".row-opens").forEach((node) => {
    const link = /** @type {HTMLAnchorElement} */ (node);
    if (place === "panel") link.remove();
    else link.href = `${address("detail", row.id)}#${link.dataset.part || "triage"}`;
  });
  if (!row.done_at && !row.snoozed_until) {
    delete node.dataset.away;
    const state = stateWords(row);
    /** @type {HTMLElement} */ (node.querySelector("[data-slot=place]")).textContent = state && ` · ${state}`;
  }
  if (place === "panel") check?.remove();
  else if (check) {
    check.value = String(row.id);
    check.setAttribute("aria-labelledby", `${name}-title`);
  }
  node.querySelectorAll("[form]").forEach((button) => button.setAttribute("form", `carillon-${place}-form`));
  dress(node, row.is_read);
}

/** Each row says which of its day it is. @param {Element | null | undefined} day */
function count(day) {
  rowsOf(day ?? document.createElement("p")).forEach((row, index) => row.setAttribute("aria-posinset", String(index + 1)));
}

/**
 * @param {HTMLElement} node
 * @param {boolean} isRead
 */
export function setRead(node, isRead) {
  if (isRead !== node.hasAttribute("data-read")) dress(node, isRead);
}

/**
 * @param {HTMLElement} node
 * @param {boolean} isRead
 */
function dress(node, isRead) {
  node.toggleAttribute("data-read", isRead);
  const button = /** @type {HTMLButtonElement} */ (node.querySelector(".row-act"));
  button.title = say(isRead ? "markUnread" : "markRead");
  button.formAction = address(isRead ? "unread" : "read", node.dataset.id);
}

/**
 * Put a new row where its `feed_seq` belongs: usually on top.
 * @param {HTMLElement} list
 * @param {Row} row
 * @param {string} place
 */
export function insert(list, row, place) {
  const node = template("carillon-row");
  fill(node, row, place);
  node.classList.add("arrived");
  put(list, node, place);
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement} node
 * @param {string} place
 */
export function put(list, node, place) {
  const after = rowsOf(list).find((other) => Number(other.dataset.feedSeq) < Number(node.dataset.feedSeq));
  const at = Date.parse(/** @type {HTMLTimeElement} */ (node.querySelector("time")).dateTime);
  const next = after?.closest(".day") ?? null;
  const previous = after ? next?.previousElementSibling : list.querySelector(".day:last-of-type");
  const isOf = (/** @type {Element | null | undefined} */ day) => day instanceof HTMLElement && day.dataset.day === dayKey(at);
  if (after && isOf(next)) after.before(node);
  else if (isOf(previous)) previous?.querySelector(".rows")?.append(node);
  else {
    const day = newDay(at, place);
    day.querySelector(".rows")?.append(node);
    if (next) next.before(day);
    else list.prepend(day);
  }
  count(node.closest(".day"));
}

/**
 * @param {number} at
 * @param {string} place
 */
function newDay(at, place) {
  const day = template("carillon-day");
  const label = /** @type {HTMLElement} */ (day.querySelector(".day-label"));
  day.dataset.day = dayKey(at);
  label.id = `${place}-day-${dayKey(at)}-live`;
  label.textContent = dayWords(at);
  label.setAttribute("aria-level", place === "panel" ? "3" : "2");
  label.classList.toggle("carillon-hidden", place === "panel");
  day.querySelector(".rows")?.setAttribute("aria-labelledby", label.id);
  return day;
}

/** Take rows away, and days that have no others. @param {HTMLElement[]} rows */
export function clear(rows) {
  for (const day of new Set(rows.map((row) => row.closest(".day")))) {
    const gone = rows.filter((row) => row.closest(".day") === day);
    // With its rows in it: one by one they take ten times as long.
    if (gone.length === day?.querySelector(".rows")?.childElementCount) day.remove();
    else {
      gone.forEach((row) => row.remove());
      count(day);
    }
  }
}

/**
 * Append older days; one that goes on takes its rows in, and nothing is there twice.
 * @param {HTMLElement | DocumentFragment} list
 * @param {DocumentFragment} fragment
 */
export function merge(list, fragment) {
  const known = new Set(rowsOf(list).map((row) => row.dataset.id));
  clear(rowsOf(fragment).filter((row) => known.has(row.dataset.id)));
  const first = /** @type {HTMLElement | null} */ (fragment.querySelector(".day"));
  const last = /** @type {HTMLElement | undefined} */ ([...list.querySelectorAll(".day")].at(-1));
  if (first && last && first.dataset.day === last.dataset.day) {
    last.querySelector(".rows")?.append(...rowsOf(first));
    first.remove();
    count(last);
  }
  list.append(fragment);
}
