/** A finger or a pen dismisses a toast towards the edge it came from. A mouse selects text, and has the button. */

const FAR = 45;
/** In pixels a millisecond. */
const FAST = 0.11;
const MEANT = 12;

/**
 * @param {import("./toast_list.js").ToastList} toasts
 * @param {AbortSignal} signal
 */
export function dismissOnSwipe(toasts, signal) {
  /** @type {{node: HTMLElement, x: number, y: number, at: number, id: number} | null} */
  let swipe = null;
  const towardsEdge = () => (getComputedStyle(toasts.root).direction === "rtl" ? -1 : 1);

  const end = (/** @type {PointerEvent} */ event) => {
    if (!swipe || event.pointerId !== swipe.id) return;
    const { node, x, at } = swipe;
    swipe = null;
    const far = (event.clientX - x) * towardsEdge();
    const isMeant = far >= FAR || (far >= MEANT && far / (event.timeStamp - at) > FAST);
    if (event.type === "pointerup" && isMeant && getSelection()?.isCollapsed !== false) toasts.drop(node.dataset.id ?? "");
    else node.style.translate = "";
  };

  toasts.list.addEventListener(
    "pointerdown",
    (event) => {
      const node = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".toast"));
      if (!node || event.pointerType === "mouse") return;
      swipe = { node, x: event.clientX, y: event.clientY, at: event.timeStamp, id: event.pointerId };
    },
    { signal },
  );
  addEventListener(
    "pointermove",
    (event) => {
      if (!swipe || event.pointerId !== swipe.id || getSelection()?.isCollapsed === false) return;
      const far = (event.clientX - swipe.x) * towardsEdge();
      swipe.node.style.translate = `${Math.max(0, far) * towardsEdge()}px`;
    },
    { signal },
  );
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) addEventListener(name, end, { signal });
}
