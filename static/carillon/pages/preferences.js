/** The preferences save themselves: what changed is sent as its own small form, and the words follow. */
import { config } from "../core/config.js";
import { clearFailure, showFailure } from "../core/failure.js";
import { HttpError, post } from "../core/http.js";
import { say } from "../core/labels.js";
import { store } from "../core/store.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("preferences"));
const status = document.getElementById("preferences-status");
const quiet = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=dnd_enabled]"));

const MOST_WINDOWS = 14;

/** @type {Map<string, number>} */
const timers = new Map();

/** The part of the form that a control belongs to, and a name for it. @param {Element} control */
function partOf(control) {
  const line = /** @type {HTMLElement | null} */ (control.closest("[data-line]"));
  const section = /** @type {HTMLElement | null} */ (control.closest("[data-section]"));
  return { part: line ?? section, name: line?.dataset.line ?? section?.dataset.section ?? "" };
}

/** @param {Element} part */
function fieldsOf(part) {
  const fields = new URLSearchParams();
  const isScope = part.matches("[data-section=scope]");
  // The scope of everything speaks for every line as it is now, and for no other section.
  for (const control of (isScope ? form?.elements : part.querySelectorAll("input, select")) ?? []) {
    const { name, type, value, checked, disabled } = /** @type {HTMLInputElement} */ (control);
    const isTicked = checked || !["checkbox", "radio"].includes(type);
    if (name && !disabled && isTicked && !(isScope && ["sections", "made_from"].includes(name))) fields.append(name, value);
  }
  return fields;
}

/**
 * @param {Element} part
 * @param {Element} control what was changed last
 */
async function save(part, control) {
  const { section } = /** @type {HTMLElement} */ (part).dataset;
  show(say("saving"));
  try {
    const words = await (await post(location.pathname, fieldsOf(part))).json();
    showWords(words);
    if (section === "scope") followScope(part);
    if (section === "quiet") settleQuiet(words);
    if (section === "hours") offerWindow(part);
    part.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
    clearFailure(control);
    remember(section === "scope" && form ? form : part);
    show(say("saved"));
  } catch (error) {
    show("");
    const isRefused = error instanceof HttpError && error.response.status === 400;
    // What was typed can be put right; anything else is shown as it is on the server.
    if (isRefused) control.setAttribute("aria-invalid", "true");
    else rollBack(part);
    showFailure(control, error);
  }
}

/** @param {Element} part @returns {HTMLInputElement[]} */
const inputsOf = (part) => [...part.querySelectorAll("input")];
/** @param {Element} part */
const optionsOf = (part) => [...part.querySelectorAll("option")];

/** What the server has is where a form goes back to. @param {Element} part */
function remember(part) {
  for (const input of inputsOf(part)) {
    input.defaultChecked = input.checked;
    if (input.type !== "checkbox" && input.type !== "radio") input.defaultValue = input.value;
  }
  for (const option of optionsOf(part)) option.defaultSelected = option.selected;
}

/** @param {Element} part */
function rollBack(part) {
  for (const input of inputsOf(part)) {
    input.checked = input.defaultChecked;
    if (input.type !== "checkbox" && input.type !== "radio") input.value = input.defaultValue;
  }
  for (const option of optionsOf(part)) option.selected = option.defaultSelected;
}

/** @param {string} text */
function show(text) {
  if (status) status.textContent = text;
}

/** @param {Record<string, any>} words */
function showWords(words) {
  for (const place of document.querySelectorAll("[data-words]")) {
    place.textContent = words[/** @type {HTMLElement} */ (place).dataset.words ?? ""] ?? "";
  }
  const was = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=scope_was]"));
  if (!was) return;
  was.value = words.common_scope;
  for (const radio of document.querySelectorAll("[name=scope]")) {
    const input = /** @type {HTMLInputElement} */ (radio);
    input.checked = input.value === words.common_scope;
  }
}

/** @param {Element} part */
function followScope(part) {
  const chosen = /** @type {HTMLInputElement | null} */ (part.querySelector("[name=scope]:checked"));
  for (const select of chosen ? document.querySelectorAll("select[name^=scope-]") : []) {
    /** @type {HTMLSelectElement} */ (select).value = chosen?.value ?? "";
  }
}

/** An end that was taken isn't taken again with the next change. @param {{is_quiet: boolean}} words */
function settleQuiet(words) {
  const preset = /** @type {HTMLSelectElement | null} */ (document.querySelector("[name=dnd_preset]"));
  if (!preset) return;
  preset.querySelector('option[value=""]')?.remove();
  if (words.is_quiet) preset.prepend(new Option(preset.selectedOptions[0]?.text ?? "", "", true, true));
}

/** One more window to fill in, once the last has a day. @param {Element} part */
function offerWindow(part) {
  const windows = /** @type {NodeListOf<HTMLElement>} */ (part.querySelectorAll("[data-window]"));
  const last = windows[windows.length - 1];
  if (!last?.querySelector(":checked") || windows.length >= MOST_WINDOWS) return;
  const next = /** @type {HTMLElement} */ (last.cloneNode(true));
  next.dataset.window = String(windows.length);
  for (const control of next.querySelectorAll("input")) {
    control.name = control.name.replace(/-\d+-/, `-${windows.length}-`);
    if (control.type === "checkbox") control.checked = false;
  }
  last.after(next);
}

/** @param {Event} event */
function changed(event) {
  const control = /** @type {HTMLInputElement} */ (event.target);
  const { part, name } = partOf(control);
  if (!part) return;
  // Choosing how long means wanting it.
  if (quiet && quiet !== control && name === "quiet") quiet.checked = true;
  const until = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=dnd_until]"));
  if (control.value === "at" && !until?.value) {
    until?.focus();
    return;
  }
  clearTimeout(timers.get(name));
  const timer = setTimeout(() => save(part, control).finally(() => timers.get(name) === timer && timers.delete(name)), 250);
  timers.set(name, timer);
}

function offerZone() {
  const offer = /** @type {HTMLButtonElement | null} */ (document.getElementById("use-browser-zone"));
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById("timezone"));
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  if (!offer || !input || !timeZone || timeZone === input.value) return;
  offer.textContent = (offer.textContent ?? "").replace("{zone}", timeZone);
  offer.hidden = false;
  offer.addEventListener("click", () => {
    input.value = timeZone;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    offer.hidden = true;
    input.focus();
  });
}

/** Another tab, or the panel, has switched it. What was chosen here and isn't saved yet stands. */
function follow() {
  if (!quiet || timers.has("quiet") || quiet === document.activeElement || quiet.checked === store.isQuiet) return;
  quiet.checked = store.isQuiet;
  const words = document.querySelector("[data-words=quiet_words]");
  if (words && !store.isQuiet) words.textContent = "";
}

if (form && config) {
  /** @type {HTMLElement} */ (form.querySelector(".save")).hidden = true;
  form.addEventListener("change", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  store.addEventListener("settings", follow);
  offerZone();
}
