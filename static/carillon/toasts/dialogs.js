/**
 * Toasts over modal dialogs. All outside an open modal dialog is inert, whatever layer it is on, and what is said
 * there stays unsaid: so the toasts and what speaks them move into the dialog while it is open.
 */

/**
 * @param {HTMLElement} root
 * @param {() => (HTMLElement | null)[]} regions
 */
export function followDialogs(root, regions) {
  /** In the order they opened. @type {Element[]} */
  let open = [...document.querySelectorAll("dialog:modal")];
  const home = root.parentElement ?? document.body;
  /** What is in a dialog now, should that be taken out of the page. @type {HTMLElement[]} */
  let taken = [];

  /** @param {Element} place */
  const move = (place) => {
    if (!taken.length) taken = [root, ...regions()].filter((node) => node !== null);
    for (const node of taken) {
      if (node !== root) node.textContent = "";
      if ("moveBefore" in place && node.isConnected) /** @type {any} */ (place).moveBefore(node, null);
      else place.append(node);
    }
  };

  const settle = () => {
    open = open.filter((dialog) => dialog.matches("dialog:modal"));
    const place = open.at(-1) ?? (home.isConnected ? home : document.body);
    if (root.parentElement !== place) move(place);
    const isModal = open.length > 0;
    if (!isModal) taken = [];
    // Only the top layer is above the dialog's own content and free of its clipping; the last shown is on top.
    if (root.matches(":popover-open")) root.hidePopover();
    if (isModal) root.setAttribute("popover", "manual");
    else root.removeAttribute("popover");
    if (isModal) root.showPopover();
  };

  return {
    settle: () => {
      const [last] = open.slice(-1);
      if (last ? root.parentElement !== last : root.hasAttribute("popover")) settle();
    },
    /** The dialog it was in has been taken out of the page with it: it goes home. */
    orphaned: () => {
      if (!root.isConnected && root.hasAttribute("popover")) settle();
    },
    /** @param {AbortSignal} signal */
    listen: (signal) => {
      const toggled = (/** @type {Event} */ event) => {
        const dialog = /** @type {Element} */ (event.target);
        if (dialog.localName !== "dialog") return;
        open = open.filter((other) => other !== dialog);
        if (dialog.matches(":modal")) open.push(dialog);
        settle();
      };
      // It doesn't bubble, but is captured on its way.
      document.addEventListener("toggle", toggled, { signal, capture: true });
      if (open.length) settle();
    },
  };
}
