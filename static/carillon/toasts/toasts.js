/**
 * Which tab toasts what, and when. How a toast looks is in toast_list.js, how long it stays in duration.js: the first
 * one fetches them.
 */
import { address, say } from "../core/config.js";
import { signInAddress } from "../core/failure.js";
import { follow } from "../core/reducer.js";
import { load, save, storageKey } from "../core/storage.js";
import { store } from "../core/store.js";

/** @typedef {import("../core/config.js").Row} Row */

/** How long another visible window waits whether the one in front has told. */
const WAIT_FOR_FRONT = 300;
const tab = Math.random().toString(36);

export class CarillonToasts extends HTMLElement {
  /** Not told yet: nobody could see it, or it waits for the window in front. @type {Map<number, Row>} */
  untold = new Map();
  /** Summaries that nobody could see. @type {Map<string, {seq: number, tell: () => void}>} */
  later = new Map();
  awayCount = 0;
  /** The list, once the first toast has fetched it. @type {Promise<import("./toast_list.js").ToastList> | undefined} */
  loading = undefined;
  /** The same, where it is there. @type {import("./toast_list.js").ToastList | undefined} */
  shown = undefined;

  connectedCallback() {
    if (!this.firstElementChild) {
      // A page that isn't ours names the element alone.
      import("../embed/elements.js").then(({ fillElement }) => fillElement(this));
      return;
    }
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    store.on("rows", (detail) => this.arrived(detail), signal);
    follow(this, signal);
    store.on("summary", (summary) => this.gaveBack(summary), signal);
    store.on("connection", ({ status }) => status === "signed-out" && this.signedOut(), signal);
    addEventListener("storage", ({ key }) => key === storageKey("told") && this.forgetTold(), { signal });
    const front = () => document.hidden || save("front", tab);
    addEventListener("focus", front, { signal });
    addEventListener("pointerdown", front, { signal, capture: true });
    document.addEventListener("visibilitychange", () => (front(), this.cameBack()), { signal });
    if (document.hasFocus()) front();
    this.loading?.then((list) => list.listen(signal));
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.loading?.then((list) => list.orphaned());
  }

  /** Moved into a dialog or out of it: still the same. */
  connectedMoveCallback() {}

  get list() {
    this.loading ??= import("./toast_list.js").then(
      ({ ToastList }) => {
        const list = new ToastList(this);
        this.shown = list;
        if (this.leaving) list.listen(this.leaving.signal);
        return list;
      },
      () => {
        // Cut off at this moment: the badge says it, and the next toast tries again.
        this.loading = undefined;
        return new Promise(() => {});
      },
    );
    return this.loading;
  }

  /** @param {{rows: Row[], news: Row[], late: Row[]}} detail */
  arrived({ rows, news, late }) {
    this.drop(new Set(rows.filter((row) => row.is_read).map((row) => String(row.id))));
    this.loading?.then((list) => rows.forEach((row) => list.has(String(row.id)) && this.show(row)));
    for (const row of news) {
      if (location.pathname === row.url) continue;
      this.untold.set(row.id, row);
      this.whenFront(() => this.tell(row.id));
    }
    late.forEach((row) => this.untold.set(row.id, row));
    if (late.length) this.whenFront(() => this.sumUp());
  }

  /** The visible tab that was last in front acts at once; others only if it hasn't. @param {() => void} act */
  whenFront(act) {
    if (document.hidden) return;
    if (load("front") === tab) act();
    else setTimeout(() => document.hidden || act(), WAIT_FOR_FRONT * (1 + Math.random()));
  }

  /** What any tab has told no other tells. */
  forgetTold() {
    const told = Number(load("told"));
    // Numbers beyond our own are those of a database that is gone.
    if (told <= store.seq) this.untold.forEach((row) => row.feed_seq <= told && this.untold.delete(row.id));
  }

  /** @param {Row[]} rows */
  claim(rows) {
    rows.forEach((row) => this.untold.delete(row.id));
    save("told", Math.max(...rows.map((row) => row.feed_seq)));
  }

  /** @param {number} id */
  tell(id) {
    this.forgetTold();
    const row = this.untold.get(id);
    if (!row) return;
    this.claim([row]);
    const isOurs = document.dispatchEvent(new CustomEvent("carillon:notification", { detail: row, cancelable: true }));
    if (!isOurs) return;
    this.list.then((list) => list.tell(row));
  }

  cameBack() {
    this.whenFront(() => {
      this.later.forEach(({ tell }) => tell());
      this.later.clear();
      this.sumUp();
    });
  }

  /** One toast for all that came while nobody looked. */
  sumUp() {
    this.forgetTold();
    const rows = [...this.untold.values()];
    if (rows.length === 0) return;
    if (rows.length === 1 && store.isFresh(rows[0])) {
      this.tell(rows[0].id);
      return;
    }
    this.claim(rows);
    if (isPanelOpen()) return;
    this.list.then((list) => {
      this.awayCount = rows.length + (list.has("away") ? this.awayCount : 0);
      const title = this.awayCount === 1 ? say("awayOne") : say("awaySome", { n: this.awayCount });
      list.put("away", { category: "", word: "Carillon", icon: "bell", title, body: "", href: address("inbox") });
      list.announcer.announce(title);
    });
  }

  /** A new toast on top, or news in the one that this notification has. @param {Row} row */
  show(row) {
    this.list.then((list) => list.show(row));
  }

  /**
   * What was held is given back: one toast for all of it, in the tab in front.
   * @param {import("../core/store.js").Summary} summary
   */
  gaveBack({ id, seq, kind, title, text, url, is_read: isRead }) {
    const name = `summary-${id}`;
    if (isRead) this.drop(new Set([name]));
    if (isRead || location.pathname === url) return;
    const tell = () => {
      if (Number(load("summed")) === seq) return;
      save("summed", seq);
      const icon = kind === "digest" ? "bell" : "moon";
      this.list.then((list) => {
        list.put(name, { category: "", word: title, icon, title: text, body: "", href: url, feedSeq: seq });
        list.announcer.announce(`${title}: ${text}`);
      });
    };
    if (document.hidden) this.later.set(name, { seq, tell });
    else this.whenFront(tell);
  }

  signedOut() {
    this.untold.clear();
    const href = signInAddress();
    const title = say("signedOut");
    const action = say("signIn");
    this.list.then((list) => {
      list.put("signed-out", { category: "", word: "Carillon", icon: "lock", title, body: "", href, action, stays: true });
      list.announcer.announce(`${title} ${action}`, true);
    });
  }

  /** Toasts, those that wait for a pointer to leave, and what nobody was told yet. */
  kept() {
    const untold = [...this.untold.values()].map(({ id, feed_seq: seq, category }) => ({ id, seq, category }));
    const later = [...this.later].map(([id, { seq }]) => ({ id, seq, category: "" }));
    return [...untold, ...later, ...(this.shown?.kept() ?? [])];
  }

  /**
   * @param {Set<string>} ids
   * @param {boolean} isRead
   */
  mark(ids, isRead) {
    if (isRead) this.drop(ids);
  }

  /** @param {Set<string>} ids */
  drop(ids) {
    for (const id of ids) {
      this.untold.delete(Number(id));
      this.later.delete(id);
      this.loading?.then((list) => list.drop(id));
    }
  }
}

function isPanelOpen() {
  return document.querySelector("#carillon-panel:popover-open") !== null;
}
