/**
 * One socket for all tabs of a person. The tab that holds the lock leads: it has the socket and relays every frame;
 * the others follow by the same rules, and the next one leads as soon as it goes. Without locks each has its own.
 *
 * A tab that stands still (a dialog of its own, a frozen process) keeps the lock. So a visible tab has the leader prove
 * now and then that its socket is open, and takes the lock away where no proof comes.
 */
import { config } from "./config.js";
import { Connection } from "./connection.js";

const PROVE_EVERY = 30_000;
// The leader's own socket has five seconds to answer.
const PROOF_WITHIN = 8_000;

export class Tabs {
  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.store = store;
    this.name = `carillon-${config.user}`;
    /** @type {Connection | null} only where this tab leads */
    this.connection = null;
    /** @type {BroadcastChannel | null} */
    this.channel = null;
    /** @type {number | undefined} */
    this.unproven = undefined;
  }

  start() {
    // A page that may come back from the browser's cache must hold neither socket nor lock meanwhile.
    addEventListener("pagehide", () => this.leave());
    addEventListener("pageshow", (event) => event.persisted && this.join());
    addEventListener("online", () => this.wake());
    addEventListener("offline", () => this.store.setStatus("offline"));
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    this.store.addEventListener("connection", () => this.changed());
    setInterval(() => document.hidden || this.connection || this.wake(), PROVE_EVERY);
    this.join();
  }

  join() {
    if (this.store.status === "signed-out") return;
    if (!navigator.locks || !window.BroadcastChannel) {
      this.lead();
      return;
    }
    this.channel = new BroadcastChannel(this.name);
    this.channel.onmessage = ({ data }) => (this.connection ? this.asked(data) : this.told(data));
    this.waiting = new AbortController();
    this.request({ signal: this.waiting.signal });
    this.ask();
  }

  /** Lead once the lock is there, until it is given up or taken away. @param {LockOptions} options */
  request(options) {
    const { channel } = this;
    const whenFirst = () => {
      if (this.channel !== channel) return undefined;
      this.lead();
      return new Promise((release) => (this.release = release));
    };
    navigator.locks.request(this.name, options, whenFirst).catch((error) => {
      if (this.channel !== channel) return;
      if (error.name !== "AbortError") {
        this.lead();
      } else if (this.connection) {
        this.leave();
        this.join();
      }
    });
  }

  /** The leader stands still: lead in its place. */
  take() {
    this.store.setStatus("connecting");
    this.waiting?.abort();
    this.request({ steal: true });
  }

  lead() {
    this.proven();
    this.connection = new Connection(this.store, (frame, since) => this.channel?.postMessage({ frame, since }));
    this.connection.start();
  }

  leave() {
    this.proven();
    this.waiting?.abort();
    this.connection?.stop();
    this.connection = null;
    this.release?.(null);
    this.channel?.close();
    this.channel = null;
  }

  /** Whoever leads is to tell what came after what this tab knows. */
  ask() {
    this.channel?.postMessage({ since: this.store.seq });
  }

  /** What this tab shows may be old: have the socket looked at, here or where it is. */
  wake() {
    if (this.connection) this.connection.retryNow();
    else if (this.channel) {
      this.channel.postMessage({ wake: true });
      this.unproven ??= setTimeout(() => this.take(), PROOF_WITHIN);
    }
  }

  proven() {
    clearTimeout(this.unproven);
    this.unproven = undefined;
  }

  changed() {
    const { status } = this.store;
    if (this.connection) this.channel?.postMessage({ status });
    if (status === "signed-out") this.leave();
  }

  /** A follower's word to the leader. @param {any} message */
  asked({ since, wake, watch, frame, status }) {
    if (frame || status) return;
    // A page wants to hear, for a minute, when there is something new to see: `pulse`, which is no news of the inbox.
    if (watch) this.connection?.send({ type: "watch" });
    if (wake) {
      this.connection?.retryNow(() => this.channel?.postMessage({ status: this.store.status }));
      return;
    }
    this.channel?.postMessage({ status: this.store.status });
    if (since < this.store.seq) this.connection?.resume(since);
  }

  /** The leader's word to a follower. @param {any} message */
  told({ frame, since, status }) {
    if (frame || status) this.proven();
    if (status) this.store.setStatus(status);
    if (!frame) return;
    // A greeting says all from `since` on; one that is older than what this tab knows says nothing.
    if (frame.type === "hello" && frame.seq < this.store.seq) return;
    const misses = frame.type === "hello" && since > this.store.seq;
    if (misses || !this.store.apply(frame)) this.ask();
  }
}
