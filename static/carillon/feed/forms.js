/** Forms of a feed, sent without leaving it: what they change shows at once, and goes back where the server refuses. */
import { clearFailure, isCut, showFailure } from "../core/failure.js";
import { post } from "../core/http.js";
import { readAll, triage, undo } from "../triage/changes.js";
import { chosen } from "../triage/menu.js";
import { chosenMoment, selectedIds } from "../triage/selection.js";
import { keepMark } from "./marks.js";
import { setRead } from "./rows.js";
import { showError } from "./status_lines.js";
import { readSummary } from "./summaries.js";

/** @typedef {import("./feed.js").CarillonFeed} CarillonFeed */

/**
 * @param {CarillonFeed} feed
 * @param {SubmitEvent} event
 */
export function submitted(feed, event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const { act } = form.dataset;
  // A search; what leaves the page and comes back.
  if (form.method === "get" || form.closest("carillon-follow")) return;
  event.preventDefault();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  if (button?.matches(".row-act")) toggle(button);
  else if (button?.matches(".take")) post(button.formAction, {}).catch((error) => showFailure(button, error));
  else if (act === "row") chosen(feed, form, button);
  else if (button?.name === "action") triage(feed, button.value, selectedIds(feed), chosenMoment(feed));
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
