/** Says to screen readers what rings: one utterance for one event, and one for a burst of them. */
import { say } from "../core/config.js";

const MOST = 150;
const BURST_WITHIN = 400;

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
   * @param {import("../core/config.js").Row} row
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
    }, BURST_WITHIN);
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
