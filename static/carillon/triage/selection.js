/** Selected rows of the inbox. */
import { say } from "../core/config.js";

/** @typedef {import("../feed/feed.js").CarillonFeed} CarillonFeed */

/** @param {ParentNode} feed */
const boxesOf = (feed) => /** @type {HTMLInputElement[]} */ ([...feed.querySelectorAll(".row-check")]);

/** @param {ParentNode} feed */
export function selectedIds(feed) {
  return boxesOf(feed)
    .filter((box) => box.checked)
    .map((box) => box.value);
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

/**
 * @param {CarillonFeed} feed
 * @param {string[]} [ids] these alone
 */
export function clearSelection(feed, ids) {
  const going = new Set(ids);
  boxesOf(feed).forEach((box) => (box.checked &&= Boolean(ids && !going.has(box.value))));
  showSelection(feed);
}

/**
 * What is selected stays so where it is still there after the rows came anew.
 * @param {CarillonFeed} feed
 * @param {() => void} replace
 */
export function keepSelection(feed, replace) {
  const chosen = new Set(selectedIds(feed));
  replace();
  boxesOf(feed).forEach((box) => (box.checked = chosen.has(box.value)));
  showSelection(feed);
}

/**
 * @param {CarillonFeed} feed
 * @param {AbortSignal} signal
 */
export function followSelection(feed, signal) {
  /** @type {HTMLInputElement | null} */
  let last = null;
  /* Boxes may be ticked before this script is there, or by a browser that comes back to the page. */
  showSelection(feed);
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

/** When what is selected shall come back, as chosen in the bar. @param {ParentNode} feed */
export function chosenMoment(feed) {
  const value = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement | HTMLSelectElement | null} */ (feed.querySelector(`.selection-bar [name=${name}]`))?.value ?? "";
  return { until: value("until"), at: value("at") };
}
