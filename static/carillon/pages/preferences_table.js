/** The table of types: boxes for all of a column or a category, and a filter. */

const table = document.querySelector(".matrix table");
const filter = /** @type {HTMLInputElement | null} */ (document.getElementById("type-filter"));
/** A filter is worth its place from here on. */
const MANY = 8;

/** What a box for all found before it changed some of them. @type {WeakMap<HTMLInputElement, Map<HTMLInputElement, boolean>>} */
let mixed = new WeakMap();

/** @returns {HTMLInputElement[]} */
const allBoxes = () => [...(table?.querySelectorAll("[data-all]") ?? [])].map((box) => /** @type {HTMLInputElement} */ (box));

/** The boxes that one for all stands for: those in sight that aren't locked. @param {HTMLInputElement} all */
function boxesUnder(all) {
  const place = all.closest("tbody") ?? all.closest("table");
  const selector = `[data-line]:not([hidden]) .check[value="${all.dataset.all}"]:not(:disabled)`;
  return [...(place?.querySelectorAll(selector) ?? [])].map((box) => /** @type {HTMLInputElement} */ (box));
}

/** Show in each box for all whether all, none or some are ticked. */
export function refreshAll() {
  for (const all of allBoxes()) {
    const boxes = boxesUnder(all);
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked > 0 && ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    all.disabled = boxes.length === 0;
  }
}

/** From some to all, to none, and back to what there was. @param {HTMLInputElement} all @returns {HTMLElement[]} the lines it changed */
export function tickAll(all) {
  const boxes = boxesUnder(all);
  const ticked = boxes.filter((box) => box.checked).length;
  if (ticked && ticked < boxes.length) mixed.set(all, new Map(boxes.map((box) => [box, box.checked])));
  const before = ticked ? undefined : mixed.get(all);
  const changed = boxes.filter((box) => {
    const was = box.checked;
    box.checked = before?.get(box) ?? ticked < boxes.length;
    return was !== box.checked;
  });
  refreshAll();
  return changed.map((box) => /** @type {HTMLElement} */ (box.closest("[data-line]")));
}

/** A box of its own was changed: nothing to go back to. */
export function forgetMixed() {
  mixed = new WeakMap();
}

function filterTypes() {
  const wanted = (filter?.value ?? "").trim().toLowerCase();
  let isAny = false;
  for (const group of table?.tBodies ?? []) {
    const title = group.querySelector(".group th")?.textContent ?? "";
    const lines = /** @type {NodeListOf<HTMLElement>} */ (group.querySelectorAll("[data-line]"));
    for (const line of lines) {
      line.hidden = !`${title} ${line.querySelector("th")?.textContent}`.toLowerCase().includes(wanted);
    }
    group.hidden = [...lines].every((line) => line.hidden);
    isAny ||= !group.hidden;
  }
  const none = document.getElementById("no-types");
  if (none) none.textContent = isAny ? "" : (none.dataset.none ?? "");
  forgetMixed();
  refreshAll();
}

export function startTable() {
  allBoxes().forEach((box) => (box.hidden = false));
  refreshAll();
  if (!filter || (table?.querySelectorAll("[data-line]").length ?? 0) < MANY) return;
  filter.hidden = false;
  filter.addEventListener("input", filterTypes);
}
