/** Looks by HTTP while no socket gets through: the same frames, asked for now and then. */
import { config } from "./config.js";
import { get } from "./http.js";

const FIRST_WAIT = 15_000;
const LONGEST_WAIT = 60_000;
const LONGEST_HIDDEN = 120_000;

export class Polling {
  /** @param {import("./connection.js").Connection} connection */
  constructor(connection) {
    this.connection = connection;
    this.looks = 0;
    this.isLooking = false;
    this.isStopped = false;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  stop() {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  /** @param {number} seq tell what came after */
  async look(seq) {
    const { connection } = this;
    if (this.isStopped || this.isLooking) return;
    this.isLooking = true;
    /** @type {any[]} */
    let frames = [];
    try {
      const response = await get(`${config.urls.since}?user=${config.user}&seq=${seq}`);
      ({ frames } = await response.json());
    } catch (error) {
      this.failed(/** @type {any} */ (error).response);
    }
    this.isLooking = false;
    if (this.isStopped) return;
    clearTimeout(this.timer);
    const most = document.hidden ? LONGEST_HIDDEN : LONGEST_WAIT;
    this.timer = setTimeout(() => this.look(connection.store.seq), Math.min(most, FIRST_WAIT * 2 ** this.looks));
    this.looks += 1;
    if (!frames.length) return;
    connection.since = seq;
    frames.forEach((frame) => connection.deliver(frame));
    connection.store.setStatus("polling");
  }

  /** @param {Response | undefined} response none: the network is gone */
  failed(response) {
    const { store } = this.connection;
    const isSignedOut = response?.redirected || response?.status === 401;
    if (!isSignedOut) {
      store.setStatus(navigator.onLine ? "down" : "offline");
    } else if (!this.isStopped) {
      this.connection.stop();
      store.setStatus("signed-out");
    }
  }
}
