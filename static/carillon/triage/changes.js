/** What is done with rows: it shows at once, goes back where the server refuses, and Undo undoes what the server did. */
import { config, say } from "../core/config.js";
import { post } from "../core/http.js";
import { readUpTo } from "../core/reducer.js";
import { store } from "../core/store.js";
import { rowsOf } from "../feed/rows.js";
import { NOTE_STAYS, showError, showLine } from "../feed/status_lines.js";
import { clearSelection } from "./selection.js";

/**
 * @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed
 * @typedef {{until?: string, at?: string}} Moment a preset's name, or "at" and the time on one's own clock
 * @typedef {{ids: string[], undo: () => Promise<unknown>}} Step `ids`: of the rows on screen that become unread again
 */

/** The server takes no more at once. */
const MOST = 100;
/** As many full parts are less than a browser keeps on its way for a page that is gone. */
const MOST_KEPT = 30;

/** @param {string[]} ids */
const parts = (ids) => Array.from({ length: Math.ceil(ids.length / MOST) }, (_, at) => ids.slice(at * MOST, (at + 1) * MOST));

/** Why the first of them failed. @param {PromiseSettledResult<unknown>[]} answers */
const refusal = (answers) => answers.find((answer) => answer.status === "rejected")?.reason;

/**
 * @param {string} action
 * @param {string[]} ids
 * @param {Moment} [moment]
 * @param {boolean} [isKept] also where the page is left
 */
async function send(action, ids, moment = {}, isKept = true) {
  const fields = new URLSearchParams({ action, ...moment });
  ids.forEach((id) => fields.append("id", id));
  return (await post(config.urls.bulk, fields, isKept)).json();
}

/**
 * All parts start at once, so that none waits for a page that may be left.
 * @param {CarillonFeed} feed
 * @param {string} action
 * @param {string[]} ids
 * @param {Moment} [moment] for "snooze"
 */
export async function triage(feed, action, ids, moment) {
  if (!ids.length) return;
  clearSelection(feed, ids);
  const isMark = action === "read" || action === "unread";
  const change = isMark ? feed.mark(new Set(ids), action === "read") : feed.findsAll ? null : stepOn(feed, ids);
  /** @type {Step[]} */
  const steps = [];
  const told = { count: 0, text: "" };
  const sent = parts(ids);
  const answers = await Promise.allSettled(sent.map((some, at) => send(action, some, moment, at < MOST_KEPT)));
  /** @type {string[]} */
  const failed = [];
  answers.forEach((answer, at) => {
    const some = sent[at];
    if (answer.status === "rejected") failed.push(...some);
    else {
      const { batch, count, text } = answer.value;
      told.count += count;
      told.text = text;
      if (action === "snooze") steps.push({ ids: [], undo: () => send("unsnooze", some, {}, at < MOST_KEPT) });
      else if (batch !== null) steps.push(undoOf(batch, isMark ? some.filter((id) => change?.ids.includes(id)) : []));
    }
  });
  if (failed.length) {
    change?.back(new Set(failed));
    showError(feed, refusal(answers));
  }
  offerUndo(feed, steps, told.text || say(action === "done" ? "markedDone" : "marked", { n: told.count }));
  if (feed.findsAll && failed.length < ids.length) feed.reload();
}

/**
 * Only what had been seen: what arrives meanwhile stays unread.
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 */
export async function readAll(feed, form) {
  const category = feed.dataset.category ?? "";
  const upTo = store.seq;
  const change = readUpTo(feed, upTo, category || null);
  try {
    const { batch, count } = await (await post(form.action, { up_to: String(upTo), category })).json();
    if (batch !== null) offerUndo(feed, [undoOf(batch, change.ids)], say("marked", { n: count }));
  } catch (error) {
    change.back(new Set(change.ids));
    showError(feed, error);
  }
}

/**
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 */
export async function undo(feed, form) {
  const batch = /** @type {HTMLInputElement} */ (form.elements.namedItem("batch")).value;
  const steps = feed.undoable ?? [undoOf(batch, [])];
  feed.undoable = undefined;
  showLine(feed, "undo", "");
  const change = feed.mark(new Set(steps.flatMap(({ ids }) => ids)), false);
  const answers = await Promise.allSettled(steps.map((step) => step.undo()));
  const failed = steps.filter((_, at) => answers[at].status === "rejected");
  if (failed.length) {
    change.back(new Set(failed.flatMap(({ ids }) => ids)));
    showError(feed, refusal(answers));
  }
  if (store.status !== "live" || feed.findsAll) feed.reload();
}

/**
 * @param {number | string} batch
 * @param {string[]} ids
 * @returns {Step}
 */
const undoOf = (batch, ids) => ({ ids, undo: () => post(config.urls.undo, { batch: String(batch) }) });

/**
 * @param {CarillonFeed} feed
 * @param {Step[]} steps none: the last that can be undone stays
 * @param {string} words
 */
function offerUndo(feed, steps, words) {
  if (!steps.length) return;
  feed.undoable = steps;
  showLine(feed, "undo", words, NOTE_STAYS);
}

/**
 * Take rows off the list; a focus in them goes to the next that stays.
 * @param {CarillonFeed} feed
 * @param {string[]} ids
 */
function stepOn(feed, ids) {
  const going = new Set(ids);
  const here = /** @type {HTMLElement | null | undefined} */ (document.activeElement?.closest(".carillon-row"));
  if (here && feed.list?.contains(here)) {
    const rows = rowsOf(feed.list);
    const at = rows.indexOf(here);
    const stays = (/** @type {HTMLElement} */ row) => !going.has(row.dataset.id ?? "");
    const next = rows.slice(at).find(stays) ?? rows.slice(0, at).findLast(stays);
    /** @type {HTMLElement | null} */ (next?.querySelector(".row-title a") ?? null)?.focus();
  }
  return feed.drop(going);
}
