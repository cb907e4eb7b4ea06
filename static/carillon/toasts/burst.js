/** Rows that come at once: five within two seconds are one toast that counts them, and several are one utterance. */
import { say } from "../core/config.js";

const MANY = 5;
const WITHIN = 2_000;
/** Characters that are spoken of one. */
const MOST = 150;
const SPOKEN_WITHIN = 400;
export const BURST = "burst";

/** @typedef {import("../core/config.js").Row} Row */

export class Burst {
  /** Told in the one toast. @type {Map<string, Row>} */
  rows = new Map();
  /** Those of the last two seconds. @type {{at: number, row: Row}[]} */
  recent = [];

  /**
   * Take a row in, and all that came with it. False: it is told alone.
   * @param {Row} row
   */
  takes(row) {
    const now = performance.now();
    this.recent = this.recent.filter(({ at }) => now - at < WITHIN);
    const goesOn = this.rows.size > 0 && this.recent.length > 0;
    this.recent.push({ at: now, row });
    if (!goesOn && this.recent.length < MANY) return false;
    this.recent.forEach(({ row: one }) => this.rows.set(String(one.id), one));
    return true;
  }

  /** True: it was one of them. @param {string} id */
  drop(id) {
    this.recent = this.recent.filter(({ row }) => String(row.id) !== id);
    return this.rows.delete(id);
  }

  get latest() {
    return [...this.rows.values()].at(-1);
  }
}

/** Says to screen readers what rings. */
export class Announcer {
  constructor() {
    /** @type {string[]} */
    this.unsaid = [];
    /** @type {string} */
    this.latest = "";
  }

  /** Asked for each time: the page may have swapped them. */
  regions = () => ["carillon-polite", "carillon-assertive"].map((id) => document.getElementById(id));

  /**
   * @param {string} text
   * @param {Row} row
   */
  speak(text, row) {
    if (row.is_critical) {
      this.announce(text, true);
      return;
    }
    this.unsaid.push(text.slice(0, MOST));
    this.latest = row.title;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const n = this.unsaid.length;
      this.announce(n < 3 ? this.unsaid.join(" ") : say("burst", { n, title: this.latest }));
      this.unsaid = [];
    }, SPOKEN_WITHIN);
  }

  /**
   * @param {string} text
   * @param {boolean} [atOnce]
   */
  announce(text, atOnce = false) {
    const region = this.regions()[atOnce ? 1 : 0];
    // The same words twice would be no change, and no change is not spoken.
    if (region) region.textContent = text.slice(0, MOST * 2) + (region.textContent === text ? "\u00a0" : "");
  }
}
