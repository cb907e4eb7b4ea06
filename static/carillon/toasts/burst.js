/** Rows that come at once: five within two seconds are one toast that counts them. */

const MANY = 5;
const WITHIN = 2_000;
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
