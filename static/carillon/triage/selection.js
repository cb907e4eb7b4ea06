/** Selected rows of the inbox, and what is done with them: read, snoozed, done, and back by Undo. */
import { config } from "../core/config.js";
import { post } from "../core/http.js";
import { say } from "../core/labels.js";
import { rowsOf } from "../feed/rows.js";
import { NOTE_STAYS, showError, showLine } from "../feed/status_lines.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

/** The server takes no more at once. */
const MOST = 100;

/** @param {ParentNode} feed */
const boxesOf = (feed) => /** @type {HTMLInputElement[]} */ ([...feed.querySelectorAll(".row-check")]);

/** @param {ParentNode} feed */
export function selectedIds(feed) {
  return boxesOf(feed)
    .filter((box) => box.checked)
    .map((box) => box.value)
    .slice(0, MOST);
}

/**
 * Say how many are selected, and offer what can be done with them.
 * @param {CarillonFeed} feed
 */
export function showSelection(feed) {
  const bar = /** @type {HTMLElement | null} */ (feed.querySelector(".selection-bar"));
  if (!bar) return;
  const { length } = selectedIds(feed);
  feed.toggleAttribute("data-selecting", length > 0);
  /** @type {HTMLElement} */ (bar.querySelector(".selected")).textContent = length ? say("selected", { n: length }) : "";
}

/** @param {CarillonFeed} feed */
export function clearSelection(feed) {
  boxesOf(feed).forEach((box) => (box.checked = false));
  showSelection(feed);
}

/**
 * @param {CarillonFeed} feed
 * @param {AbortSignal} signal
 */
export function followSelection(feed, signal) {
  /** @type {HTMLInputElement | null} */
  let last = null;
  feed.addEventListener(
    "click",
    (event) => {
      const target = /** @type {Element} */ (event.target);
      if (target.closest(".selection-bar .clear")) clearSelection(feed);
      if (!target.matches(".row-check")) return;
      const box = /** @type {HTMLInputElement} */ (target);
      const boxes = boxesOf(feed);
      const [from, to] = [boxes.indexOf(last ?? box), boxes.indexOf(box)].sort((a, b) => a - b);
      if (event.shiftKey && from >= 0) boxes.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
      last = box;
      showSelection(feed);
    },
    { signal },
  );
}

/**
 * @param {string} action
 * @param {string[]} ids
 * @param {string} [until]
 */
export function sendTriage(action, ids, until = "") {
  const fields = new URLSearchParams({ action, until });
  ids.forEach((id) => fields.append("id", id));
  return post(config.urls.bulk, fields);
}

/**
 * What leaves goes at once, and comes back where the server refuses.
 * @param {CarillonFeed} feed
 * @param {string} action
 * @param {string[]} ids
 */
export async function triage(feed, action, ids) {
  if (!ids.length) return;
  const until = /** @type {HTMLSelectElement | null} */ (feed.querySelector(".selection-bar select"))?.value;
  const unread = feed.unread;
  feed.justRead = new Set(action === "read" ? ids.filter((id) => unread.has(id)) : []);
  feed.undoSnooze = action === "snooze" ? ids : undefined;
  if (action === "read") feed.mark(new Set(ids), true);
  else stepOn(feed, ids);
  clearSelection(feed);
  try {
    const { batch, count, text } = await (await sendTriage(action, ids, until)).json();
    const undo = /** @type {HTMLInputElement | null} */ (feed.querySelector('[data-act="undo"] [name=batch]'));
    if (undo) undo.value = String(batch);
    if (batch !== null || feed.undoSnooze) showLine(feed, "undo", text || say(action === "done" ? "markedDone" : "marked", { n: count }), NOTE_STAYS);
  } catch (error) {
    if (action === "read") feed.mark(feed.justRead, false);
    else feed.reload();
    showError(feed, error);
  }
}

/**
 * Take rows off the list; a focus in them goes to the next that stays.
 * @param {CarillonFeed} feed
 * @param {string[]} ids
 */
function stepOn(feed, ids) {
  const rows = feed.list ? rowsOf(feed.list) : [];
  const here = rows.findIndex((row) => row.contains(document.activeElement));
  const stays = (/** @type {HTMLElement} */ row) => !ids.includes(row.dataset.id ?? "");
  const next = here < 0 ? null : (rows.slice(here).find(stays) ?? rows.slice(0, here).findLast(stays));
  /** @type {HTMLElement | null} */ (next?.querySelector(".row-title a") ?? null)?.focus();
  feed.drop(new Set(ids));
}
