/** The feed element, in the panel and on the page: rows arrive, change and go without a reload and without a jump. */
import { config } from "../core/config.js";
import { get } from "../core/http.js";
import { capped, say } from "../core/labels.js";
import { isPlainClick } from "../core/navigation.js";
import { follow } from "../core/reducer.js";
import { store } from "../core/store.js";
import { submitted } from "./forms.js";
import { handleKey } from "./keyboard.js";
import { replayMarks } from "./marks.js";
import { fetchPages, loadOlder, watchOlder } from "./older.js";
import { goTo, placeLeft, placeOf, rememberPlace } from "./place.js";
import { clear, fill, insert, parse, rowsOf, setRead } from "./rows.js";
import { showConnection, showDoNotDisturb, showError, showLine } from "./status_lines.js";
import { followSummaries } from "./summaries.js";
import { followSelection } from "../triage/selection.js";
import { refreshTimes } from "./time.js";

/** @typedef {import("../core/config.js").Row} Row */

/** How long a pointer may take from the rows to the "new" button before they move. */
const REACH = 400;

export class CarillonFeed extends HTMLElement {
  connectedCallback() {
    /** Held back while somebody reads. @type {Map<number, Row>} */
    this.waiting = new Map();
    this.loaded = 0;
    this.list = /** @type {HTMLElement} */ (this.querySelector(".feed-rows"));
    this.scroller = /** @type {HTMLElement} */ (this.querySelector(".feed-scroll"));
    this.pill = /** @type {HTMLElement} */ (this.querySelector(".feed-new"));
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    store.on("rows", ({ rows }) => this.arrived(rows), signal);
    follow(this, signal);
    store.on("resync", () => this.reload(), signal);
    followSummaries(this, signal);
    store.on("unread", () => this.countsChanged(), signal);
    store.on("settings", () => showDoNotDisturb(this), signal);
    store.on("connection", ({ status }) => this.connectionChanged(status), signal);
    this.addEventListener("submit", (event) => submitted(this, event), { signal });
    this.addEventListener("click", (event) => this.clicked(event), { signal });
    this.addEventListener("keydown", (event) => handleKey(this, event), { signal });
    for (const place of [this.list, this.pill]) {
      for (const name of ["pointerleave", "focusout"]) {
        place.addEventListener(name, () => setTimeout(() => this.flushIfFree(), REACH), { signal });
      }
    }
    addEventListener("scroll", () => this.flushIfFree(), { signal, passive: true, capture: true });
    if (!this.isPanel) rememberPlace(this, signal);
    followSelection(this, signal);
    watchOlder(this);
    refreshTimes(this);
    showDoNotDisturb(this);
    this.connectionChanged(store.status);
    const left = this.isPanel ? null : placeLeft();
    if (left) this.reload(left);
    else if (Number(this.dataset.upTo) < store.seq) this.reload();
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.observer?.disconnect();
  }

  /** @param {import("../core/store.js").Status} status */
  connectionChanged(status) {
    showConnection(this, status);
    if (status === "live" || status === "polling") replayMarks();
  }

  get isPanel() {
    return this.dataset.place === "panel";
  }

  /** Nothing under a pointer, a finger or the focus ever moves. */
  get isFree() {
    const top = this.isPanel ? (this.scroller?.scrollTop ?? 0) : scrollY;
    return top < 60 && ![this.list, this.pill].some((place) => place?.matches(":hover, :focus-within"));
  }

  /** @param {Row} row */
  wants(row) {
    const { category, unreadOnly, state, q } = this.dataset;
    return !state && !q && (!category || row.category === category) && (unreadOnly === undefined || !row.is_read);
  }

  /** @param {Row[]} rows */
  arrived(rows) {
    for (const row of rows) {
      const known = this.list && rowsOf(this.list, row.id)[0];
      if (known) {
        const surfaced = row.feed_seq > Number(known.dataset.feedSeq);
        if (surfaced && this.isFree) {
          clear(known);
          this.place(row);
        } else {
          fill(known, row, this.dataset.place ?? "");
        }
      } else if (this.wants(row)) {
        if (this.isFree) this.place(row);
        else this.waiting?.set(row.id, row);
      }
    }
    this.showPill();
    this.countsChanged();
  }

  /** @param {Row} row */
  place(row) {
    if (!this.list) return;
    this.list.querySelector(".empty")?.remove();
    insert(this.list, row, this.dataset.place ?? "");
  }

  showPill() {
    if (!this.pill) return;
    const count = this.waiting?.size ?? 0;
    this.pill.hidden = count === 0;
    /** @type {HTMLElement} */ (this.pill.querySelector("span")).textContent = say("new", { n: capped(count) });
  }

  flushIfFree() {
    if (this.waiting?.size && this.isFree) this.flush();
  }

  flush() {
    const rows = [...(this.waiting?.values() ?? [])].sort((a, b) => a.feed_seq - b.feed_seq);
    this.waiting?.clear();
    rows.forEach((row) => this.place(row));
    this.showPill();
  }

  /** Rows on screen, and those behind the "new" button. */
  kept() {
    const shown = (this.list ? rowsOf(this.list) : []).map(({ dataset }) => {
      const { id = "", feedSeq, category = "" } = dataset;
      return { id, seq: Number(feedSeq), category };
    });
    const waiting = [...(this.waiting?.values() ?? [])].map(({ id, feed_seq: seq, category }) => ({ id, seq, category }));
    return [...shown, ...waiting];
  }

  /**
   * @param {Set<string>} ids
   * @param {boolean} isRead
   */
  mark(ids, isRead) {
    this.waiting?.forEach((row, id) => {
      if (ids.has(String(id))) row.is_read = isRead;
      if (!this.wants(row)) this.waiting?.delete(id);
    });
    for (const row of this.list ? rowsOf(this.list) : []) {
      if (ids.has(row.dataset.id ?? "")) setRead(row, isRead);
    }
    this.showPill();
    this.countsChanged();
  }

  /** @param {Set<string>} ids */
  drop(ids) {
    ids.forEach((id) => this.waiting?.delete(Number(id)));
    this.showPill();
    for (const row of this.list ? rowsOf(this.list) : []) {
      if (ids.has(row.dataset.id ?? "")) clear(row);
    }
    if (this.list && !rowsOf(this.list).length) this.reload();
  }

  /** Ids of the rows on screen that are unread. */
  get unread() {
    const rows = this.list ? rowsOf(this.list) : [];
    return new Set(rows.filter(({ dataset }) => dataset.read === undefined).map(({ dataset }) => dataset.id ?? ""));
  }

  /** As many pages as there were anew, in place; and again where a frame came meanwhile, which they may not know. */
  async reload(place = placeOf(this)) {
    const { seq } = store;
    const { place: where = "", category = "", unreadOnly, state = "", q = "" } = this.dataset;
    const query = new URLSearchParams({ place: where, category, unread: unreadOnly === undefined ? "" : "1", state, q });
    try {
      const fragment = await fetchPages(`${config.urls.rows}?${query}`, place.pages);
      this.waiting?.clear();
      this.list?.replaceChildren(fragment);
      this.loaded = place.pages;
      goTo(this, place);
      this.showPill();
      watchOlder(this);
      refreshTimes(this);
      this.countsChanged();
      if (store.seq > seq) this.reload();
    } catch {
      showLine(this, "connection", say("loadFailed"));
    }
  }

  /** The total is known at once; the categories are asked for, once for a burst. */
  countsChanged() {
    const all = /** @type {HTMLElement | null} */ (this.querySelector('.count[data-count=""]'));
    if (all) {
      all.textContent = capped(store.unread);
      all.hidden = store.unread === 0;
    }
    const button = /** @type {HTMLButtonElement | null} */ (this.querySelector('[data-act="read-all"] button'));
    if (button) button.disabled = store.unread === 0;
    clearTimeout(this.countsTimer);
    this.countsTimer = setTimeout(() => this.fetchCounts(), 300);
  }

  async fetchCounts() {
    if (!this.isConnected || document.hidden) return;
    const response = await get(config.urls.counts).catch(() => null);
    const counts = response ? (await response.json()).by_category : null;
    for (const place of counts ? this.querySelectorAll(".count[data-count]") : []) {
      const { count: category = "" } = /** @type {HTMLElement} */ (place).dataset;
      if (!category) continue;
      place.textContent = capped(counts[category] ?? 0);
      /** @type {HTMLElement} */ (place).hidden = !counts[category];
    }
  }

  /** @param {MouseEvent} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const isPlain = isPlainClick(event);
    const older = /** @type {HTMLAnchorElement | null} */ (target.closest(".feed-more a"));
    const chip = /** @type {HTMLAnchorElement | null} */ (target.closest(".chip"));
    const row = /** @type {HTMLElement | null} */ (target.closest(".row-title a")?.closest(".carillon-row") ?? null);
    if (target.closest(".feed-new button")) this.showWaiting();
    else if (older && isPlain) {
      event.preventDefault();
      loadOlder(this, older);
    } else if (chip && isPlain && this.isPanel) {
      event.preventDefault();
      this.filter(new URL(chip.href).search);
    } else if (row) setRead(row, true);
  }

  showWaiting() {
    this.flush();
    if (this.isPanel) this.scroller?.scrollTo({ top: 0 });
    else scrollTo({ top: 0 });
    /** @type {HTMLElement | null} */ (this.list?.querySelector(".row-title a") ?? null)?.focus({ preventScroll: true });
  }

  /** In the panel filters stay in the panel. @param {string} search */
  async filter(search) {
    try {
      const text = await (await get(config.urls.panel + search)).text();
      const feed = new DOMParser().parseFromString(text, "text/html").querySelector("carillon-feed");
      if (!feed) return;
      const fresh = document.adoptNode(feed);
      this.replaceWith(fresh);
      /** @type {HTMLElement | null} */ (fresh.querySelector(".chip[aria-current]"))?.focus();
    } catch (error) {
      showError(this, error);
    }
  }
}
