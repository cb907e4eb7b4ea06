/** Which tab toasts what, and when; how a toast looks and lives is in stack.js, which the first one fetches. */
import { address, categoryWord, config, iconOf, say } from "../core/config.js";
import { keyOf, recall, remember } from "../core/storage.js";
import { store } from "../core/store.js";

/** @typedef {import("../core/config.js").Row} Row */

/** How long another visible window waits whether the one in front has told. */
const WAIT_FOR_FRONT = 300;
const tab = Math.random().toString(36);

export class CarillonToasts extends HTMLElement {
  /** Not told yet: nobody could see it, or it waits for the window in front. @type {Map<number, Row>} */
  untold = new Map();
  /** Summaries that nobody could see. @type {Map<string, () => void>} */
  later = new Map();
  awayCount = 0;

  connectedCallback() {
    if (!this.firstElementChild) {
      // A page that isn't ours names the element alone.
      import("../embed/elements.js").then(({ fill }) => fill(this));
      return;
    }
    this.leaving = new AbortController();
    const { signal } = this.leaving;
    store.on("rows", (detail) => this.arrived(detail), signal);
    store.on("read", ({ ids, is_read: isRead }) => isRead && this.drop(ids), signal);
    store.on("removed", ({ ids }) => this.drop(ids), signal);
    store.on("read_all", ({ up_to: upTo, category }) => this.readAll(upTo, category), signal);
    store.on("summary", (summary) => this.gaveBack(summary), signal);
    store.on("connection", ({ status }) => status === "signed-out" && this.signedOut(), signal);
    addEventListener("storage", ({ key }) => key === keyOf("told") && this.forgetTold(), { signal });
    const front = () => document.hidden || remember("front", tab);
    addEventListener("focus", front, { signal });
    addEventListener("pointerdown", front, { signal, capture: true });
    document.addEventListener("visibilitychange", () => (front(), this.cameBack()), { signal });
    if (document.hasFocus()) front();
    this.loading?.then((stack) => stack.listen(signal));
  }

  disconnectedCallback() {
    this.leaving?.abort();
    this.loading?.then((stack) => stack.orphaned());
  }

  /** Moved into a dialog or out of it: still the same. */
  connectedMoveCallback() {}

  /** @returns {Promise<import("./toast_list.js").Stack>} */
  get stack() {
    this.loading ??= import("./toast_list.js").then(({ Stack }) => {
      const stack = new Stack(this);
      if (this.leaving) stack.listen(this.leaving.signal);
      return stack;
    });
    return this.loading;
  }

  /** @param {{rows: Row[], news: Row[], late: Row[]}} detail */
  arrived({ rows, news, late }) {
    this.drop(rows.filter((row) => row.is_read).map((row) => row.id));
    this.loading?.then((stack) => rows.forEach((row) => stack.has(String(row.id)) && this.show(row)));
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
    if (recall("front") === tab) act();
    else setTimeout(() => document.hidden || act(), WAIT_FOR_FRONT * (1 + Math.random()));
  }

  /** What any tab has told no other tells. */
  forgetTold() {
    const told = Number(recall("told"));
    // Numbers beyond our own are those of a database that is gone.
    if (told <= store.seq) this.untold.forEach((row) => row.feed_seq <= told && this.untold.delete(row.id));
  }

  /** @param {Row[]} rows */
  claim(rows) {
    rows.forEach((row) => this.untold.delete(row.id));
    remember("told", Math.max(...rows.map((row) => row.feed_seq)));
  }

  /** @param {number} id */
  tell(id) {
    this.forgetTold();
    const row = this.untold.get(id);
    if (!row) return;
    this.claim([row]);
    const isOurs = document.dispatchEvent(new CustomEvent("carillon:notification", { detail: row, cancelable: true }));
    if (!isOurs) return;
    this.stack.then((stack) => stack.announcer.speak(`${categoryWord(row.category)}: ${row.title}. ${row.body}`, row));
    if (!isPanelOpen()) this.show(row);
  }

  cameBack() {
    this.whenFront(() => {
      this.later.forEach((tell) => tell());
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
    this.stack.then((stack) => {
      this.awayCount = rows.length + (stack.has("away") ? this.awayCount : 0);
      const title = this.awayCount === 1 ? say("awayOne") : say("awaySome", { n: this.awayCount });
      stack.put("away", { category: "", word: "Carillon", icon: "bell", title, body: "", href: address("inbox") });
      stack.announcer.announce(title);
    });
  }

  /** A new toast on top, or news in the one that this notification has. @param {Row} row */
  show(row) {
    this.stack.then((stack) =>
      stack.put(String(row.id), {
        category: row.category,
        word: categoryWord(row.category),
        icon: iconOf(row.event_type, row.category),
        title: row.title,
        body: row.body,
        href: address("open", row.id),
        url: row.url,
        feedSeq: row.feed_seq,
        kind: row.event_type,
        stays: row.is_critical,
      }),
    );
  }

  /**
   * What was held is given back: one toast for all of it, in the tab in front.
   * @param {import("../core/store.js").Summary} summary
   */
  gaveBack({ id, seq, kind, title, text, url, is_read: isRead }) {
    const name = `summary-${id}`;
    if (isRead) {
      this.later.delete(name);
      this.loading?.then((stack) => stack.drop(name));
    }
    if (isRead || location.pathname === url) return;
    const tell = () => {
      if (Number(recall("summed")) === seq) return;
      remember("summed", seq);
      const icon = kind === "digest" ? "bell" : "moon";
      this.stack.then((stack) => {
        stack.put(name, { category: "", word: title, icon, title: text, body: "", href: url });
        stack.announcer.announce(`${title}: ${text}`);
      });
    };
    if (document.hidden) this.later.set(name, tell);
    else this.whenFront(tell);
  }

  signedOut() {
    this.untold.clear();
    const href = `${address("signIn")}?next=${encodeURIComponent(location.pathname + location.search)}`;
    const title = say("signIn");
    this.stack.then((stack) => {
      stack.put("signed-out", { category: "", word: say("signedOut"), icon: "lock", title, body: "", href, stays: true });
      stack.announcer.announce(`${say("signedOut")} ${title}`, true);
    });
  }

  /** @param {number[]} ids */
  drop(ids) {
    ids.forEach((id) => this.untold.delete(id));
    if (ids.length) this.loading?.then((stack) => ids.forEach((id) => stack.drop(String(id))));
  }

  /**
   * What came since stays, as it stays unread.
   * @param {number} upTo
   * @param {string | null} category
   */
  readAll(upTo, category) {
    const isRead = (/** @type {Row} */ row) => row.feed_seq <= upTo && (!category || row.category === category);
    this.untold.forEach((row) => isRead(row) && this.untold.delete(row.id));
    this.loading?.then((stack) => stack.readAll(upTo, category));
  }
}

function isPanelOpen() {
  return document.querySelector("#carillon-panel:popover-open") !== null;
}
