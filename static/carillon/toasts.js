/** Toasts: at most three, each as long as it takes to read, never while somebody is at one. */
import { address, categoryWord, config, iconOf, say, setIcon } from "./config.js";
import { store } from "./store.js";

/**
 * @typedef {import("./config.js").Row} Row
 * @typedef {{node: HTMLElement, left: number, since: number, timer: number | undefined, stays: boolean}} Toast
 */

const LEAST = 5_000;
const MOST = 15_000;
const WAIT_FOR_OTHER_TABS = 250;

/** Five seconds, longer for longer texts. @param {string} text */
export function lifeOf(text) {
  return Math.min(MOST, Math.max(LEAST, 1_500 + 60 * text.length));
}

export class CarillonToasts extends HTMLElement {
  connectedCallback() {
    /** @type {Map<string, Toast>} */
    this.toasts = new Map();
    /** Arrived while nobody could see them. @type {Map<number, Row>} */
    this.missed = new Map();
    /** @type {string[]} */
    this.unsaid = [];
    this.stack = /** @type {HTMLElement} */ (this.querySelector(".stack"));
    this.more = /** @type {HTMLElement} */ (this.querySelector(".more"));
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    this.tabs = "BroadcastChannel" in window ? new BroadcastChannel(`carillon-${config.user}`) : null;
    this.tabs?.addEventListener("message", (event) => this.missed.delete(event.data.toasted), { signal });
    store.on("rows", (detail) => this.arrived(detail), signal);
    store.on("read", (frame) => frame.is_read && frame.ids.forEach((/** @type {number} */ id) => this.drop(String(id))), signal);
    store.on("read_all", (frame) => this.readAll(frame.up_to, frame.category), signal);
    store.on("removed", (frame) => frame.ids.forEach((/** @type {number} */ id) => this.drop(String(id))), signal);
    store.on("connection", ({ status }) => status === "signed-out" && this.signedOut(), signal);
    for (const name of ["pointerenter", "pointerleave", "focusin", "focusout"]) {
      this.addEventListener(name, () => queueMicrotask(() => this.wind()), { signal });
    }
    document.addEventListener("visibilitychange", () => this.visibilityChanged(), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    matchMedia("(width < 30rem)").addEventListener("change", () => this.arrange(), { signal });
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.tabs?.close();
  }

  /** @param {{rows: Row[], toast: Set<number>, missed: number}} detail */
  arrived({ rows, toast, missed }) {
    for (const row of rows) {
      if (row.is_read) this.drop(String(row.id));
      else if (this.toasts.has(String(row.id))) this.show(row);
      else if (toast.has(row.id)) this.consider(row);
    }
    if (missed > 0) this.summary(missed);
  }

  /** The tab in front tells; another window waits whether it did. @param {Row} row */
  consider(row) {
    if (location.pathname === row.url) return;
    this.missed.set(row.id, row);
    if (document.hidden) return;
    if (document.hasFocus()) this.tell(row.id);
    else setTimeout(() => document.hidden || this.tell(row.id), WAIT_FOR_OTHER_TABS * (1 + Math.random()));
  }

  /** @param {number} id */
  tell(id) {
    const row = this.missed.get(id);
    if (!row) return;
    this.missed.delete(id);
    this.tabs?.postMessage({ toasted: id });
    const mine = document.dispatchEvent(new CustomEvent("carillon:notification", { detail: row, cancelable: true }));
    if (!mine) return;
    this.speak(row);
    if (!document.querySelector("#carillon-panel:popover-open")) this.show(row);
  }

  /** A new toast on top, or news in the one that this notification has. @param {Row} row */
  show(row) {
    this.put(String(row.id), {
      category: row.category,
      word: categoryWord(row.category),
      icon: iconOf(row.event_type, row.category),
      title: row.title,
      body: row.body,
      href: address("open", row.id),
      stays: row.is_critical,
    });
    const toast = this.toasts?.get(String(row.id));
    if (toast) toast.node.dataset.feedSeq = String(row.feed_seq);
  }

  /** @param {number} count */
  summary(count) {
    if (document.querySelector("#carillon-panel:popover-open")) return;
    const title = count === 1 ? say("awayOne") : say("awaySome", { n: count });
    this.put("away", { category: "", word: "Carillon", icon: "bell", title, body: "", href: address("inbox"), stays: false });
    this.announce(title, false);
  }

  /**
   * What came since stays, as it stays unread.
   * @param {number} upTo
   * @param {string | null} category
   */
  readAll(upTo, category) {
    for (const [id, { node }] of this.toasts ?? []) {
      if (Number(node.dataset.feedSeq) <= upTo && (!category || node.dataset.category === category)) this.drop(id);
    }
  }

  signedOut() {
    const href = `${address("signIn")}?next=${encodeURIComponent(location.pathname + location.search)}`;
    this.put("signed-out", { category: "", word: say("signedOut"), icon: "lock", title: say("signIn"), body: "", href, stays: true });
    this.announce(`${say("signedOut")} ${say("signIn")}`, true);
  }

  /**
   * @param {string} id
   * @param {{category: string, word: string, icon: string, title: string, body: string, href: string, stays: boolean}} what
   */
  put(id, what) {
    const known = this.toasts?.get(id);
    const node = known?.node ?? this.blank(id);
    if (what.category) node.dataset.category = what.category;
    setIcon(node.querySelector(".tile"), what.icon);
    const link = /** @type {HTMLAnchorElement} */ (node.querySelector(".title a"));
    /** @type {HTMLElement} */ (node.querySelector(".category")).textContent = what.word;
    link.textContent = what.title;
    link.href = what.href;
    /** @type {HTMLElement} */ (node.querySelector(".body")).textContent = what.body;
    node.querySelector(".close")?.setAttribute("aria-label", say("dismiss", { title: what.title }));
    if (known) clearTimeout(known.timer);
    else this.stack?.prepend(node);
    this.toasts?.set(id, { node, left: lifeOf(what.title + what.body), since: 0, timer: undefined, stays: what.stays });
    this.arrange();
    this.wind();
  }

  /** @param {string} id */
  blank(id) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("carillon-toast"));
    const node = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    node.dataset.id = id;
    node.querySelector(".close")?.addEventListener("click", () => this.drop(id));
    return node;
  }

  arrange() {
    const most = matchMedia("(width < 30rem)").matches ? 1 : 3;
    const nodes = [...(this.stack?.children ?? [])].filter((node) => !node.classList.contains("leaving"));
    nodes.forEach((node, index) => node.classList.toggle("over", index >= most));
    if (!this.more) return;
    const over = Math.max(0, nodes.length - most);
    this.more.hidden = over === 0;
    this.more.textContent = `${say("more", { n: over })} · ${say("openInbox")}`;
  }

  get isHeld() {
    return document.hidden || this.matches(":hover, :focus-within");
  }

  /** Let every clock run, or stop every one, keeping exactly what is left. */
  wind() {
    const held = this.isHeld;
    for (const [id, toast] of this.toasts ?? []) {
      if (toast.stays) continue;
      if (held && toast.timer !== undefined) {
        clearTimeout(toast.timer);
        toast.timer = undefined;
        toast.left -= performance.now() - toast.since;
      } else if (!held && toast.timer === undefined) {
        toast.since = performance.now();
        toast.timer = setTimeout(() => this.drop(id), Math.max(0, toast.left));
      }
    }
  }

  /** @param {string} id */
  drop(id) {
    const toast = this.toasts?.get(id);
    this.missed?.delete(Number(id));
    if (!toast) return;
    clearTimeout(toast.timer);
    this.toasts?.delete(id);
    if (toast.node.contains(document.activeElement)) this.handFocusOn(toast.node);
    toast.node.classList.add("leaving");
    setTimeout(() => toast.node.remove(), 120);
    this.arrange();
    this.wind();
  }

  /** @param {HTMLElement} from */
  handFocusOn(from) {
    const next = from.nextElementSibling ?? from.previousElementSibling;
    const link = /** @type {HTMLElement | null} */ (next?.querySelector(".title a") ?? null);
    (link ?? this.cameFrom)?.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "F8" && this.toasts?.size) {
      event.preventDefault();
      if (!this.contains(document.activeElement)) this.cameFrom = /** @type {HTMLElement} */ (document.activeElement);
      /** @type {HTMLElement | null} */ (this.querySelector(".toast .title a"))?.focus();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      const here = /** @type {HTMLElement | null} */ (document.activeElement?.closest("carillon-toasts .toast"));
      const isFree = document.activeElement === document.body && !document.querySelector(":popover-open, dialog[open]");
      const toast = here ?? (isFree ? /** @type {HTMLElement | null} */ (this.querySelector(".toast:not(.leaving)")) : null);
      if (toast?.dataset.id) this.drop(toast.dataset.id);
    }
  }

  visibilityChanged() {
    this.wind();
    if (document.hidden || !this.missed?.size) return;
    // What another tab has told meanwhile is no longer among them.
    const [first, ...others] = this.missed.values();
    if (others.length === 0) this.tell(first.id);
    else this.summary(this.missed.size);
    this.missed.clear();
  }

  /** One utterance for one event, and one for a burst of them. @param {Row} row */
  speak(row) {
    const text = `${categoryWord(row.category)}: ${row.title}. ${row.body}`.slice(0, 150);
    if (row.is_critical) {
      this.announce(text, true);
      return;
    }
    this.unsaid?.push(text);
    clearTimeout(this.speakTimer);
    this.speakTimer = setTimeout(() => {
      const said = this.unsaid ?? [];
      const n = said.length;
      this.announce(n < 3 ? said.join(" ") : say("burst", { n, title: said[n - 1] }), false);
      this.unsaid = [];
    }, 400);
  }

  /**
   * @param {string} text
   * @param {boolean} atOnce
   */
  announce(text, atOnce) {
    const region = document.getElementById(atOnce ? "carillon-assertive" : "carillon-polite");
    if (region) region.textContent = text;
  }
}
