/** The preferences save themselves: what changed is sent as its own small form, and the words follow. */
import { config, say } from "../core/config.js";
import { clearFailure, showFailure } from "../core/failure.js";
import { HttpError, post } from "../core/http.js";
import { store } from "../core/store.js";
import { endWords } from "../feed/parts.js";
import { forgetMixed, refreshAll, startTable, tickAll } from "./preferences_table.js";

const form = /** @type {HTMLFormElement | null} */ (document.getElementById("preferences"));
const status = document.getElementById("preferences-status");

const MOST_WINDOWS = 14;
const SAVED_FOR = 4_000;

/** Parts whose change waits to be sent. @type {Map<string, number>} */
const timers = new Map();
/** One after the other, so that the last choice is the last to arrive. */
let sending = Promise.resolve();
let statusTimer = 0;

/** @typedef {{control: Element, parts: Element[], done?: () => void}} Change */

/** @param {Element} part */
function nameOf(part) {
  const { line, section } = /** @type {HTMLElement} */ (part).dataset;
  return line ?? section ?? "";
}

/** @param {Element} place @returns {HTMLInputElement[]} */
const inputsOf = (place) => [...place.querySelectorAll("input")];
/** @param {Element} place */
const optionsOf = (place) => [...place.querySelectorAll("option")];
/** @param {HTMLInputElement} input */
const isBox = ({ type }) => type === "checkbox" || type === "radio";

/** @param {Element[]} parts */
function fieldsOf(parts) {
  const fields = new URLSearchParams();
  for (const part of parts) {
    for (const control of part.querySelectorAll("input, select")) {
      const input = /** @type {HTMLInputElement} */ (control);
      if (input.name && !input.disabled && (input.checked || !isBox(input))) fields.append(input.name, input.value);
    }
  }
  return fields;
}

/** @param {Change} change */
async function save({ control, parts, done }) {
  show(say("saving"));
  try {
    const words = await (await post(location.pathname, fieldsOf(parts))).json();
    if (parts.some((part) => nameOf(part) === "scope")) followScope();
    showWords(words);
    done?.();
    for (const part of parts) {
      part.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
      remember(part);
    }
    clearFailure(control);
    show(say("saved"), SAVED_FOR);
  } catch (error) {
    show("");
    const isRefused = error instanceof HttpError && error.response.status === 400;
    // What was typed can be put right; anything else is shown as it is on the server.
    if (isRefused) control.setAttribute("aria-invalid", "true");
    else parts.forEach(rollBack);
    showFailure(control, error);
  }
  refreshAll();
}

/** What the server has is where a form goes back to. @param {Element} part */
function remember(part) {
  for (const input of inputsOf(part)) {
    input.defaultChecked = input.checked;
    if (!isBox(input)) input.defaultValue = input.value;
  }
  for (const option of optionsOf(part)) option.defaultSelected = option.selected;
}

/** @param {Element} part */
function rollBack(part) {
  for (const input of inputsOf(part)) {
    input.checked = input.defaultChecked;
    if (!isBox(input)) input.value = input.defaultValue;
  }
  for (const option of optionsOf(part)) option.selected = option.defaultSelected;
  part.querySelectorAll("fieldset[hidden]").forEach((one) => one.removeAttribute("hidden"));
}

/** @param {string} text @param {number} [during] */
function show(text, during) {
  if (!status) return;
  status.textContent = text;
  clearTimeout(statusTimer);
  if (during) statusTimer = setTimeout(() => (status.textContent = ""), during);
}

/** @param {Record<string, any>} words */
function showWords(words) {
  for (const place of document.querySelectorAll("[data-words]")) {
    place.textContent = words[/** @type {HTMLElement} */ (place).dataset.words ?? ""] ?? "";
  }
  showTurnOff(words.is_dnd);
  const was = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=scope_was]"));
  if (!was) return;
  was.value = words.common_scope;
  for (const radio of document.querySelectorAll("[name=scope]")) {
    const input = /** @type {HTMLInputElement} */ (radio);
    input.checked = input.value === words.common_scope;
  }
}

/** The scope of everything is that of every line. */
function followScope() {
  const chosen = /** @type {HTMLInputElement | null} */ (document.querySelector("[name=scope]:checked"));
  for (const select of chosen ? document.querySelectorAll("select[name^=scope-]") : []) {
    /** @type {HTMLSelectElement} */ (select).value = chosen?.value ?? "";
  }
}

/** @param {boolean} isOn */
function showTurnOff(isOn) {
  const button = /** @type {HTMLElement | null} */ (document.querySelector('[form=dnd][value=""]'));
  if (button) button.hidden = !isOn;
}

/** @param {HTMLElement} place */
const windowsOf = (place) => /** @type {HTMLElement[]} */ ([...place.querySelectorAll("[data-window]")]);

/** The window that was filled in is one of them now, and another may be added. @param {HTMLElement} section */
function settleWindows(section) {
  windowsOf(section).forEach((one) => one.hidden && one.remove());
  const more = /** @type {HTMLDetailsElement | null} */ (section.querySelector("details.more"));
  const filled = more && windowsOf(more)[0];
  if (more && filled?.querySelector(":checked")) {
    const blank = /** @type {HTMLElement} */ (filled.cloneNode(true));
    for (const input of inputsOf(blank)) if (isBox(input)) input.checked = input.defaultChecked = false;
    more.before(filled);
    more.append(blank);
    more.open = false;
  }
  const windows = windowsOf(section);
  if (more) more.hidden = windows.length > MOST_WINDOWS;
  windows.forEach((one, number) => {
    one.dataset.window = String(number);
    for (const input of inputsOf(one)) input.name = input.name.replace(/-\d+-/, `-${number}-`);
  });
}

/** `7` and `7:30` as the server takes them. @param {HTMLInputElement} input */
function completeTime(input) {
  const [, hour, minute = "00"] = /^(\d\d?)(?::(\d\d))?$/.exec(input.value.trim()) ?? [];
  if (hour) input.value = `${hour.padStart(2, "0")}:${minute}`;
}

/** @param {Change} change */
function schedule(change) {
  const names = change.parts.map(nameOf);
  names.forEach((name) => clearTimeout(timers.get(name)));
  const timer = setTimeout(() => {
    sending = sending.then(() => save(change));
    sending.finally(() => names.forEach((name) => timers.get(name) === timer && timers.delete(name)));
  }, 250);
  names.forEach((name) => timers.set(name, timer));
}

/** @param {Event} event */
function changed(event) {
  const control = /** @type {HTMLInputElement} */ (event.target);
  if (control.matches(".time")) completeTime(control);
  if (control.dataset.all) {
    schedule({ control, parts: tickAll(control) });
    return;
  }
  const part = /** @type {HTMLElement | null} */ (control.closest("[data-line], [data-section]"));
  if (!part || !control.name || control.form !== form) return;
  if (part.dataset.line) {
    forgetMixed();
    refreshAll();
  }
  const parts = part.dataset.section === "scope" ? [part, ...document.querySelectorAll("[data-line]")] : [part];
  schedule({ control, parts, done: part.dataset.section === "hours" ? () => settleWindows(part) : undefined });
}

/** Removing a window is a change of the others' section. @param {Event} event */
function clicked(event) {
  const button = /** @type {Element} */ (event.target).closest("[name=hours_removed]");
  if (!button) return;
  event.preventDefault();
  const gone = /** @type {HTMLElement} */ (button.closest("[data-window]"));
  const section = /** @type {HTMLElement} */ (gone.closest("[data-section]"));
  const more = /** @type {HTMLDetailsElement | null} */ (gone.closest("details"));
  inputsOf(gone).forEach((input) => isBox(input) && (input.checked = false));
  if (more) more.open = false;
  else gone.hidden = true;
  /** @type {HTMLElement | null} */ (section.querySelector("summary"))?.focus();
  schedule({ control: section, parts: [section], done: () => settleWindows(section) });
}

/** Do not disturb is switched by forms of its own. @param {SubmitEvent} event */
async function switchDnd(event) {
  const own = /** @type {HTMLFormElement} */ (event.target);
  if (!own.id.startsWith("dnd")) return;
  event.preventDefault();
  const control = event.submitter ?? own;
  for (const input of own.elements) if (input.matches(".time")) completeTime(/** @type {HTMLInputElement} */ (input));
  try {
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(own, event.submitter)));
    showWords(await (await post(own.action, fields)).json());
    clearFailure(control);
    control.closest("details")?.removeAttribute("open");
    show(say("saved"), SAVED_FOR);
  } catch (error) {
    showFailure(control, error);
  }
}

/** All is saved as it changes; what is left to a button is to try it on the last days. @param {SubmitEvent} event */
async function submitted(event) {
  event.preventDefault();
  const button = /** @type {HTMLButtonElement | null} */ (event.submitter);
  const said = document.getElementById("tried");
  if (button?.id !== "try" || !form || !said) return;
  try {
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
    said.textContent = (await (await post(button.formAction, fields)).json()).words;
    clearFailure(button);
  } catch (error) {
    said.textContent = "";
    showFailure(button, error);
  }
}

/** Another tab, or the panel, has switched it. */
function follow() {
  const words = document.querySelector("[data-words=quiet_words]");
  const { dnd_until: until } = store.settings;
  const time = until ? endWords(Date.parse(until)) : "";
  if (words) words.textContent = !store.isQuiet ? say("dndOff") : until ? say("dndUntil", { time, zone: config.zone }) : say("dndOn");
  showTurnOff(store.isQuiet);
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

/** Which part is shown is the style sheet's; its link says so to everybody. */
function markPart() {
  const part = document.querySelector(".part:target, .part:has(:target)")?.id ?? "what";
  for (const link of document.querySelectorAll(".parts a")) {
    link.setAttribute("aria-current", String(link.getAttribute("href") === `#${part}`));
  }
}

if (form && config) {
  /** @type {HTMLElement} */ (form.querySelector(".save")).hidden = true;
  startTable();
  form.addEventListener("change", changed);
  form.addEventListener("click", clicked);
  form.addEventListener("submit", submitted);
  document.addEventListener("submit", switchDnd);
  store.addEventListener("settings", follow);
  addEventListener("hashchange", markPart);
  markPart();
  offerZone();
}
