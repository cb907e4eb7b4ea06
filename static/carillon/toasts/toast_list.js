/** List of the toasts: at most three, each as long as it takes to read, none going while somebody is at one. */
import { address, say } from "../core/config.js";
import { showFailure } from "../core/failure.js";
import { post } from "../core/http.js";
import { store } from "../core/store.js";
import { categoryWord, clockWords, dressTile, setIcon } from "../feed/parts.js";
import { Announcer, BURST, Burst } from "./burst.js";
import { followDialogs } from "./dialogs.js";
import { durationOf } from "./duration.js";

/**
 * @typedef {import("../core/config.js").Row} Row
 * @typedef {{category: string, word: string, icon?: string, title: string, body: string, href: string, action?: string,
 *   url?: string, feedSeq?: number, kind?: string, stays?: boolean, row?: Row}} Words `row`: what it tells of alone
 * @typedef {{node: HTMLElement, left: number, since: number, timer: number | undefined, stays: boolean,
 *   kinds: Set<string>}} Toast
 */

/** How long a pointer may take from one toast to the next before what waits comes in. */
const REACH = 400;
/** Pixels between two. */
const GAP = 11;
/** Pixels, and pixels a millisecond, with which a swipe dismisses; with fewer it was none. */
const FAR = 45;
const FAST = 0.11;
const MEANT = 12;

export class ToastList {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.list = /** @type {HTMLElement} */ (root.querySelector(".stack"));
    this.more = /** @type {HTMLElement} */ (root.querySelector(".more"));
    /** @type {Map<string, Toast>} */
    this.toasts = new Map();
    /** Arrived while somebody was at a toast. @type {Map<string, Words>} */
    this.waiting = new Map();
    this.burst = new Burst();
    this.announcer = new Announcer();
    this.isPressed = false;
    this.hovers = matchMedia("(hover: hover)");
    this.narrow = matchMedia("(width < 30rem)");
    this.dialogs = followDialogs(root, this.announcer.regions);
    this.sizes = new ResizeObserver(() => this.place());
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    const { root } = this;
    for (const name of ["pointerenter", "pointerleave", "focusin", "focusout"]) {
      root.addEventListener(name, () => queueMicrotask(() => this.held()), { signal });
    }
    root.addEventListener("pointerdown", () => this.press(true), { signal });
    for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => this.press(false), { signal });
    document.addEventListener("visibilitychange", () => this.wind(), { signal });
    document.addEventListener("keydown", (event) => this.key(event), { signal });
    this.narrow.addEventListener("change", () => this.arrange(), { signal });
    this.dialogs.listen(signal);
    dismissOnSwipe(this, signal);
    this.wind();
  }

  orphaned() {
    this.dialogs.orphaned();
  }

  /** @param {string} id */
  has(id) {
    return this.toasts.has(id) || this.waiting.has(id);
  }

  /** Say what has come, and show it unless the open panel does. @param {Row} row */
  tell(row) {
    this.announcer.speak(`${categoryWord(row.category)}: ${row.title}. ${row.body}`, row);
    if (!document.querySelector("#carillon-panel:popover-open")) this.show(row);
  }

  /** A new toast on top, or news in the one that this notification has. @param {Row} row */
  show(row) {
    const id = String(row.id);
    if (!this.has(id) && !row.is_critical && !this.isAtHand && this.burst.takes(row)) {
      this.burst.rows.forEach((_, one) => this.remove(one));
      this.showBurst();
      return;
    }
    this.put(id, {
      category: row.category,
      word: categoryWord(row.category),
      title: row.display_title || row.title,
      body: row.display_body || row.body,
      href: address("open", row.id),
      url: row.url,
      feedSeq: row.feed_seq,
      kind: row.event_type,
      stays: row.is_critical,
      row,
    });
  }

  showBurst() {
    const { latest, rows } = this.burst;
    if (!latest) {
      this.remove(BURST);
      return;
    }
    const title = say("several", { n: rows.size });
    const body = say("latest", { title: latest.display_title || latest.title });
    // By its kind its clock starts again with each that joins.
    const kind = String(rows.size);
    this.put(BURST, { category: "", word: "Carillon", icon: "bell", title, body, href: address("inbox"), kind });
  }

  /**
   * @param {string} id
   * @param {Words} what
   */
  put(id, what) {
    const known = this.toasts.get(id);
    if (!known && !what.stays && this.isAtHand) {
      this.waiting.set(id, what);
      return;
    }
    this.dialogs.settle();
    const node = known?.node ?? this.blank(id);
    fill(node, what);
    const duration = what.stays ? Infinity : durationOf(what.title + what.body);
    const kind = what.kind ?? "";
    if (!known) {
      this.list.prepend(node);
      this.sizes.observe(node);
      this.toasts.set(id, { node, left: duration, since: 0, timer: undefined, stays: Boolean(what.stays), kinds: new Set([kind]) });
    } else if (!known.kinds.has(kind) || duration === Infinity) {
      // Something else has happened to it: its clock starts again, once. Mere progress doesn't keep it for ever.
      clearTimeout(known.timer);
      known.kinds.add(kind);
      Object.assign(known, { left: duration, timer: undefined, stays: Boolean(what.stays) });
    }
    this.arrange();
    this.wind();
  }

  /** @param {string} id */
  blank(id) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("carillon-toast"));
    const node = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true));
    node.dataset.id = id;
    const take = /** @type {HTMLButtonElement} */ (node.querySelector(".take"));
    take.addEventListener("click", () => post(take.formAction, {}).then(() => this.drop(id), (error) => showFailure(take, error)));
    node.querySelector(".close")?.addEventListener("click", (event) => {
      // A mouse leaves no focus behind; from the keyboard it goes on to the next.
      if (/** @type {MouseEvent} */ (event).detail) /** @type {HTMLElement} */ (document.activeElement)?.blur();
      this.drop(id);
    });
    return node;
  }

  /** Three have room, one on a narrow page; what stays before what goes. */
  arrange() {
    const most = this.narrow.matches ? 1 : 3;
    const all = [...this.toasts.values()].reverse().sort((a, b) => Number(b.stays) - Number(a.stays));
    all.forEach(({ node }, index) => node.classList.toggle("over", index >= most));
    const over = Math.max(0, all.length - most);
    this.more.hidden = over === 0;
    this.more.textContent = `${say("more", { n: over })} · ${say("openInbox")}`;
    this.place();
  }

  /** One below the other, by transforms: one that comes or goes moves no other in the layout. */
  place() {
    const shown = [.../** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".toast:not(.over, .leaving)"))];
    const heights = shown.map((node) => node.offsetHeight + GAP);
    [...shown, this.more].forEach((node, at) => {
      const below = heights.slice(0, at).reduce((sum, height) => sum + height, 0);
      node.style.transform = `translateY(${below}px)`;
    });
  }

  get isAtHand() {
    // After a touch the last place touched goes on matching :hover.
    return this.isPressed || this.root.matches(this.hovers.matches ? ":hover, :focus-within" : ":focus-within");
  }

  held() {
    this.wind();
    clearTimeout(this.reachTimer);
    if (this.waiting.size) this.reachTimer = setTimeout(() => this.isAtHand || this.letIn(), REACH);
  }

  letIn() {
    const waiting = [...this.waiting];
    this.waiting.clear();
    waiting.forEach(([id, what]) => (what.row ? this.show(what.row) : this.put(id, what)));
  }

  /** @param {boolean} isPressed */
  press(isPressed) {
    if (this.isPressed === isPressed) return;
    this.isPressed = isPressed;
    this.held();
  }

  /** Let every clock run, or stop every one, keeping exactly what is left. */
  wind() {
    const isHeld = document.hidden || this.isAtHand;
    for (const [id, toast] of this.toasts) {
      if (isHeld && toast.timer !== undefined) {
        clearTimeout(toast.timer);
        toast.timer = undefined;
        toast.left -= performance.now() - toast.since;
      } else if (!isHeld && toast.timer === undefined && toast.left !== Infinity) {
        toast.since = performance.now();
        toast.timer = setTimeout(() => this.drop(id), Math.max(0, toast.left));
      }
    }
  }

  /** @param {string} id */
  drop(id) {
    if (id === BURST) this.burst = new Burst();
    if (this.burst.drop(id)) this.showBurst();
    this.remove(id);
  }

  /** @param {string} id */
  remove(id) {
    this.waiting.delete(id);
    const toast = this.toasts.get(id);
    if (!toast) return;
    clearTimeout(toast.timer);
    this.toasts.delete(id);
    if (toast.node.contains(document.activeElement)) this.handFocusOn(toast.node);
    toast.node.classList.add("leaving");
    setTimeout(() => toast.node.remove(), 120);
    this.arrange();
    this.held();
  }

  /** Toasts of rows and summaries, shown or waiting. @returns {import("../core/reducer.js").Kept[]} */
  kept() {
    const shown = [...this.toasts].map(([id, { node }]) => ({ id, ...node.dataset }));
    const waiting = [...this.waiting].map(([id, what]) => ({ id, ...what }));
    // Of those that are about no row the number is NaN, which no limit covers.
    const told = [...this.burst.rows].map(([id, { feed_seq: feedSeq, category }]) => ({ id, feedSeq, category }));
    return [...shown, ...waiting, ...told].map(({ id, feedSeq, category = "" }) => ({ id, seq: Number(feedSeq), category }));
  }

  /** @param {HTMLElement} from */
  handFocusOn(from) {
    const links = [...this.list.querySelectorAll(".toast:not(.leaving, .over) .open")];
    const next = links.find((link) => !from.contains(link));
    /** @type {HTMLElement | undefined} */ (next ?? this.cameFrom)?.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const focused = document.activeElement;
    if (event.key === "F8" && this.toasts.size) {
      event.preventDefault();
      if (!this.root.contains(focused)) this.cameFrom = /** @type {HTMLElement} */ (focused);
      /** @type {HTMLElement | null} */ (this.list.querySelector(".toast:not(.leaving, .over) .open"))?.focus();
    } else if (event.key === "Escape" && !event.defaultPrevented) {
      const here = focused?.closest("carillon-toasts .toast");
      const isFree = focused === document.body && !document.querySelector(":popover-open, dialog[open]");
      const toast = here ?? (isFree && this.list.querySelector(".toast:not(.leaving, .over)"));
      if (!toast) return;
      // In a dialog it closes the toast, not the dialog.
      event.preventDefault();
      this.drop(/** @type {HTMLElement} */ (toast).dataset.id ?? "");
    }
  }
}

/**
 * @param {HTMLElement} node
 * @param {Words} what
 */
function fill(node, what) {
  const { row } = what;
  const [critical, word, time, title, body, link] = /** @type {HTMLElement[]} */ (
    [".critical", ".word", "time", ".title", ".body", ".open"].map((name) => node.querySelector(name))
  );
  Object.assign(node.dataset, { category: what.category, feedSeq: what.feedSeq ?? "", url: what.url ?? "" });
  if (!what.feedSeq) delete node.dataset.feedSeq;
  critical.hidden = !row?.is_critical;
  node.toggleAttribute("data-critical", !critical.hidden);
  word.textContent = what.word;
  time.textContent = clockWords(row ? Date.parse(row.created_at) : store.now());
  title.textContent = what.title;
  title.id = `toast-${node.dataset.id}-title`;
  body.textContent = what.body;
  if (row) dressTile(node, row, title.id);
  else setIcon(node.querySelector(".tile"), what.icon ?? "bell");
  /** @type {HTMLAnchorElement} */ (link).href = what.href;
  if (what.action) link.textContent = what.action;
  link.setAttribute("aria-label", what.action ?? say("open", { title: what.title }));
  node.querySelector(".close")?.setAttribute("aria-label", say("dismiss", { title: what.title }));
}

/**
 * A finger or a pen dismisses a toast towards the edge it came from. A mouse selects text, and has the button.
 * @param {ToastList} toasts
 * @param {AbortSignal} signal
 */
function dismissOnSwipe(toasts, signal) {
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
