/** What went wrong with a change, said where it was made. In the page from the start: a cut network brings no script. */
import { address, say } from "./config.js";
import { HttpError } from "./http.js";

/** Back to this page, once signed in. */
export function signInAddress() {
  return `${address("signIn")}?next=${encodeURIComponent(location.pathname + location.search)}`;
}

/** Did the request never get through? @param {unknown} error */
export function isCut(error) {
  return !(error instanceof HttpError);
}

/**
 * A sentence for whoever made the change: what to do, or what the server said is wrong with it.
 * @param {unknown} error
 * @returns {Promise<string>}
 */
export async function failureWords(error) {
  if (!(error instanceof HttpError)) return say("cut");
  const { status } = error.response;
  if (status === 401) return say("signedOut");
  if (status === 403) return say("outdated");
  const refused = status < 500 ? await error.response.json().catch(() => null) : null;
  return refused?.detail ?? say("failed");
}

/**
 * Say it right behind a control, within the viewport, with what leads on.
 * @param {Element} control
 * @param {unknown} error
 */
export async function showFailure(control, error) {
  const words = await failureWords(error);
  clearFailure(control);
  const place = placeOf(control);
  const note = Object.assign(document.createElement("p"), { className: "carillon-failure", textContent: `${words} ` });
  note.setAttribute("role", "alert");
  if (error instanceof HttpError && error.response.status === 401) {
    note.append(Object.assign(document.createElement("a"), { href: signInAddress(), textContent: say("signIn") }));
  }
  place.append(note);
  note.scrollIntoView({ block: "nearest" });
}

/** @param {Element} control */
export function clearFailure(control) {
  placeOf(control).querySelector(".carillon-failure")?.remove();
}

/** The words of its row, or of its part of a form. @param {Element} control */
function placeOf(control) {
  const row = control.closest(".carillon-row, tr, .setting, .setting-more, .hours, [data-section]");
  const words = row?.querySelector(":scope:is(.carillon-row, .setting) > div, :scope > th");
  return words ?? row ?? /** @type {Element} */ (control.parentElement);
}
