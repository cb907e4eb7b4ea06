/** The feed element, in the panel and on the page: rows arrive, change and go without a reload and without a jump. */
import { capped, config, say } from "../core/config.js";
import { get, getPart, post } from "../core/http.js";
import { isPlainClick } from "../core/navigation.js";
import { follow } from "../core/reducer.js";
import { store } from "../core/store.js";
import { submitted } from "./forms.js";
import { handleKey } from "./keyboard.js";
import { replayMarks } from "./marks.js";
import { fetchPages, loadOlder, watchOlder } from "./older.js";
import { goTo, placeLeft, placeOf, rememberPlace } from "./place.js";
import { clear, fill, insert, put, rowsOf, setRead } from "./rows.js";
import { showConnection, showDoNotDisturb, showError, showLine } from "./status_lines.js";
import { followSummaries } from "./summaries.js";
import { offerKeys } from "../triage/keys.js";
import { openMenu } from "../triage/menu.js";
import { followSearch } from "../triage/search.js";
import { followSelection, keepSelection, showSelection } from "../triage/selection.js";
import { refreshTimes } from "./parts.js";

/** @typedef {import("../core/config.js").Row} Row */
/** @typedef {{ids: string[], back: (some: Set<string>) => void}} Change `back`: take it back for some of these */

/** How long a pointer may take from the rows to the "new" button before they move. */
const REACH = 400;

export class CarillonFeed extends HTMLElement {
  connectedCallback() {
    /** Held back while somebody reads. @type {Map<number, Row>} */
    this.waiting = new Map();
    this.loaded = 0;
    this.seeing = 0;
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
    const keysOf = this.isPanel ? this : document;
    keysOf.addEventListener("keydown", (event) => handleKey(this, /** @type {KeyboardEvent} */ (event)), { signal });
    for (const place of [this.list, this.pill]) {
      for (const name of ["pointerleave", "focusout"]) {
        place.addEventListener(name, () => setTimeout(() => this.flushIfFree(), REACH), { signal });
      }
    }
    addEventListener("scroll", () => this.flushIfFree(), { signal, passive: true, capture: true });
    if (!this.isPanel) {
      rememberPlace(this, signal);
      followSelection(this, signal);
      followSearch(this, signal);
      offerKeys(signal);
    }
    document.addEventListener("visibilitychange", () => this.seen(), { signal });
    this.closest("[popover]")?.addEventListener("toggle", () => this.seen(), { signal });
    this.seen();
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

  /** Rows in sight are said to be so, once for all that come together. */
  seen() {
    clearTimeout(this.seeing);
    this.seeing = setTimeout(() => {
      if (store.unread && !document.hidden && this.checkVisibility()) post(config.urls.seen, { seq: String(store.seq) }).catch(() => {});
    }, 1_000);
  }

  /** @param {Row[]} rows */
  arrived(rows) {
    this.seen();
    for (const row of rows) {
      const known = this.list && rowsOf(this.list, row.id)[0];
      if (known) {
        const surfaced = row.feed_seq > Number(known.dataset.feedSeq);
        if (surfaced && this.isFree) {
          clear([known]);
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
   * Mark rows, also those behind the "new" button.
   * @param {Set<string>} ids
   * @param {boolean} isRead
   * @returns {Change} of those that differed
   */
  mark(ids, isRead) {
    const held = [...(this.waiting?.values() ?? [])].filter((row) => ids.has(String(row.id)) && row.is_read !== isRead);
    const shown = this.shown(ids).filter(({ dataset }) => (dataset.read !== undefined) !== isRead);
    for (const row of held) {
      row.is_read = isRead;
      if (!this.wants(row)) this.waiting?.delete(row.id);
    }
    shown.forEach((row) => setRead(row, isRead));
    this.showPill();
    this.countsChanged();
    const back = (/** @type {Set<string>} */ some) => {
      const returning = held.filter(({ id }) => some.has(String(id)));
      returning.forEach((row) => (row.is_read = !isRead));
      this.arrived(returning);
      shown.filter(({ dataset }) => some.has(dataset.id ?? "")).forEach((row) => setRead(row, !isRead));
    };
    return { ids: [...held.map(({ id }) => String(id)), ...shown.map(({ dataset }) => dataset.id ?? "")], back };
  }

  /**
   * Take rows off the list, but what a search finds wherever it is: that shows where it is by now.
   * @param {Set<string>} ids
   * @returns {Change}
   */
  drop(ids) {
    const shown = this.shown(ids);
    const change = { ids: [...ids], back: (/** @type {Set<string>} */ some) => this.putBack(shown, some) };
    if (this.findsAll) {
      if (shown.length) this.reload();
      return change;
    }
    ids.forEach((id) => this.waiting?.delete(Number(id)));
    this.showPill();
    clear(shown);
    showSelection(this);
    if (this.list && !rowsOf(this.list).length) this.reload();
    return change;
  }

  /**
   * @param {HTMLElement[]} rows
   * @param {Set<string>} some
   */
  putBack(rows, some) {
    const { list } = this;
    const missing = rows.filter(({ dataset: { id } }) => list && some.has(id ?? "") && !rowsOf(list, Number(id)).length);
    if (!list || !missing.length) return;
    list.querySelector(".empty")?.remove();
    missing.forEach((row) => put(list, row, this.dataset.place ?? ""));
  }

  /** Rows on screen. @param {Set<string>} ids */
  shown(ids) {
    return (this.list ? rowsOf(this.list) : []).filter(({ dataset }) => ids.has(dataset.id ?? ""));
  }

  /** A search looks into the inbox, at what is snoozed and at what is done, unless one of them is asked for. */
  get findsAll() {
    return Boolean(this.dataset.q) && !this.dataset.state;
  }

  /** As many pages as there were anew, in place; and again where a frame came meanwhile, which they may not know. */
  async reload(place = placeOf(this), stale = this.leaving?.signal) {
    const { seq } = store;
    const { place: where = "", category = "", unreadOnly, state = "", q = "" } = this.dataset;
    const query = new URLSearchParams({ place: where, category, unread: unreadOnly === undefined ? "" : "1", state, q });
    try {
      const fragment = await fetchPages(`${config.urls.rows}?${query}`, place.pages, stale);
      // Somebody searches for something else by now.
      if (q !== (this.dataset.q ?? "")) return;
      this.waiting?.clear();
      keepSelection(this, () => this.list?.replaceChildren(fragment));
      this.loaded = place.pages;
      goTo(this, place);
      this.showPill();
      watchOlder(this);
      refreshTimes(this);
      this.countsChanged();
      if (store.seq > seq) this.reload();
    } catch {
      if (!stale?.aborted) showLine(this, "connection", say("loadFailed"));
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
    const opener = /** @type {HTMLElement | null} */ (target.closest(".row-opens"));
    const older = /** @type {HTMLAnchorElement | null} */ (target.closest(".feed-more a"));
    const chip = /** @type {HTMLAnchorElement | null} */ (target.closest(".chip"));
    const row = /** @type {HTMLElement | null} */ (target.closest(".row-title a")?.closest(".carillon-row") ?? null);
    if (opener && isPlain) {
      event.preventDefault();
      openMenu(this, opener);
    } else if (target.closest(".feed-new button")) this.showWaiting();
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
      const fresh = (await getPart(config.urls.panel + search)).querySelector("carillon-feed");
      if (!fresh) return;
      this.replaceWith(fresh);
      /** @type {HTMLElement | null} */ (fresh.querySelector(".chip[aria-current]"))?.focus();
    } catch (error) {
      showError(this, error);
    }
  }
}
