/** The bell: count in badge, label, title and favicon; opens the panel, says when it isn't live. */
import { capped, say } from "../core/config.js";
import { dispatchOpen, isPlainClick } from "../core/navigation.js";
import { store } from "../core/store.js";

export class CarillonBell extends HTMLElement {
  connectedCallback() {
    if (!this.firstElementChild) {
      // A page that isn't ours names the element alone.
      import("../embed/elements.js").then(({ fillElement }) => fillElement(this));
      return;
    }
    this.link = /** @type {HTMLAnchorElement} */ (this.querySelector(".bell"));
    this.panel = /** @type {HTMLElement} */ (this.querySelector(".panel"));
    this.badge = /** @type {HTMLElement} */ (this.querySelector(".badge"));
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    store.on("unread", ({ count, before }) => (this.show(count > before), tellPage()), signal);
    store.on("settings", () => this.show(false), signal);
    store.on("connection", () => this.show(false), signal);
    this.makeButton(signal);
    this.show(false);
    tellPage();
  }

  disconnectedCallback() {
    this.leaving?.abort();
  }

  /** Without scripts it is a link to the inbox; with them a button that still opens the page on ctrl-click. @param {AbortSignal} signal */
  makeButton(signal) {
    const { link, panel } = this;
    if (!link || !panel) return;
    link.setAttribute("role", "button");
    link.setAttribute("aria-haspopup", "dialog");
    link.setAttribute("aria-expanded", "false");
    link.setAttribute("aria-controls", panel.id);
    let wasOpen = false;
    link.addEventListener("pointerdown", () => (wasOpen = panel.matches(":popover-open")), { signal });
    link.addEventListener(
      "click",
      (event) => {
        if (!isPlainClick(event)) return;
        event.preventDefault();
        // Pressing outside has closed it by now; then this press only meant to close it.
        const isOpen = wasOpen || panel.matches(":popover-open");
        if (isOpen) panel.hidePopover();
        else if (dispatchOpen(null, link.pathname)) panel.showPopover();
        wasOpen = false;
      },
      { signal },
    );
    link.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== " ") return;
        event.preventDefault();
        link.click();
      },
      { signal },
    );
    panel.addEventListener(
      "toggle",
      (event) => {
        if (event.target !== panel) return;
        const isOpen = /** @type {ToggleEvent} */ (event).newState === "open";
        link.setAttribute("aria-expanded", String(isOpen));
        if (isOpen) this.opened();
      },
      { signal },
    );
  }

  async opened() {
    const { panel } = this;
    if (!panel) return;
    panel.focus({ preventScroll: true });
    const { fillPanel } = await import("./panel.js");
    fillPanel(panel);
  }

  /** @param {boolean} grew */
  show(grew) {
    const { link, badge } = this;
    if (!link || !badge) return;
    const { unread } = store;
    const short = capped(unread, "bell");
    badge.hidden = unread === 0;
    badge.textContent = short;
    badge.classList.toggle("grew", grew);
    const name = unread === 0 ? "bellNone" : unread === 1 ? "bellOne" : short.endsWith("+") ? "bellMany" : "bellSome";
    const isLive = store.status === "live" || store.status === "connecting";
    const extra = [store.isQuiet ? say("bellQuiet") : "", isLive ? "" : say("bellNotLive")].filter(Boolean);
    const label = [say(name, { n: unread }), ...extra].join(", ");
    link.setAttribute("aria-label", label);
    link.title = isLive ? "" : label;
    this.dataset.live = String(isLive);
    this.dataset.connection = store.status;
    const mute = this.querySelector(".mute");
    if (mute) /** @type {HTMLElement} */ (mute).hidden = !store.isQuiet;
    this.showOutside(unread, short);
  }

  /**
   * What a tab shows of itself when another one is in front.
   * @param {number} unread
   * @param {string} short
   */
  showOutside(unread, short) {
    const plain = document.title.replace(/^\(\d+\+?\) /, "");
    document.title = unread ? `(${short}) ${plain}` : plain;
    const favicon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon][data-unread]"));
    if (favicon) {
      favicon.dataset.plain ??= favicon.href;
      favicon.href = (unread ? favicon.dataset.unread : favicon.dataset.plain) ?? favicon.href;
    }
  }
}

function tellPage() {
  document.dispatchEvent(new CustomEvent("carillon:unread", { detail: { count: store.unread } }));
}
