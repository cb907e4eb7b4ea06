/** Forms of a feed, sent without leaving it: what they change shows at once, and goes back where the server refuses. */
import { clearFailure, isCut, showFailure } from "../core/failure.js";
import { post } from "../core/http.js";
import { say } from "../core/labels.js";
import { readUpTo } from "../core/reducer.js";
import { store } from "../core/store.js";
import { selectedIds, sendTriage, triage } from "../triage/selection.js";
import { keepMark } from "./marks.js";
import { setRead } from "./rows.js";
import { NOTE_STAYS, showError, showLine } from "./status_lines.js";
import { readSummary } from "./summaries.js";

/** @typedef {import("./feed.js").CarillonFeed} CarillonFeed */

/**
 * @param {CarillonFeed} feed
 * @param {SubmitEvent} event
 */
export function submitted(feed, event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const { act } = form.dataset;
  // A search is a page of its own.
  if (form.method === "get") return;
  event.preventDefault();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (button?.classList.contains("row-act")) toggle(button);
  else if (button?.name === "action") triage(feed, button.value, selectedIds(feed));
  else if (act === "read-all") readAll(feed, form);
  else if (act === "undo") undo(feed, form);
  else if (act === "summary-read") readSummary(form).catch((error) => showError(feed, error));
  else if (act === "quiet") {
    post(form.action, { preset: button?.value ?? "" }).catch((error) => showError(feed, error));
    if (form.popover) form.hidePopover();
  }
}

/** @param {HTMLButtonElement} button */
async function toggle(button) {
  const row = /** @type {HTMLElement} */ (button.closest(".carillon-row"));
  const wasRead = row.dataset.read !== undefined;
  const action = button.formAction;
  setRead(row, !wasRead);
  try {
    await post(action, {});
    clearFailure(row);
  } catch (error) {
    if (isCut(error)) {
      keepMark(row.dataset.id ?? "", !wasRead);
    } else {
      setRead(row, wasRead);
      showFailure(row, error);
    }
  }
}

/**
 * Only what had been seen: what arrives meanwhile stays unread.
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 */
async function readAll(feed, form) {
  const category = feed.dataset.category ?? "";
  const upTo = store.seq;
  const { unread } = feed;
  readUpTo(feed, upTo, category || null);
  const left = feed.unread;
  feed.undoSnooze = undefined;
  feed.justRead = new Set([...unread].filter((id) => !left.has(id)));
  try {
    const { batch, count } = await (await post(form.action, { up_to: String(upTo), category })).json();
    const undo = /** @type {HTMLInputElement | null} */ (feed.querySelector('[data-act="undo"] [name=batch]'));
    if (undo) undo.value = String(batch);
    if (batch !== null) showLine(feed, "undo", say("marked", { n: count }), NOTE_STAYS);
  } catch (error) {
    feed.mark(feed.justRead, false);
    showError(feed, error);
  }
}

/**
 * @param {CarillonFeed} feed
 * @param {HTMLFormElement} form
 */
async function undo(feed, form) {
  const batch = /** @type {HTMLInputElement} */ (form.elements.namedItem("batch")).value;
  showLine(feed, "undo", "");
  if (feed.undoSnooze) {
    await sendTriage("unsnooze", feed.undoSnooze).catch((error) => showError(feed, error));
    feed.undoSnooze = undefined;
    return;
  }
  feed.mark(feed.justRead ?? new Set(), false);
  await post(form.action, { batch }).catch((error) => {
    feed.mark(feed.justRead ?? new Set(), true);
    showError(feed, error);
  });
}
