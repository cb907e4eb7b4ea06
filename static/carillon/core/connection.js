/**
 * The socket: resumes from the last `seq`, comes back by itself, says when it can't, and looks by HTTP meanwhile.
 * @typedef {import("./store.js").Store} Store
 */
import { config } from "./config.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const STABLE_AFTER = 30_000;
const PING_EVERY = 30_000;
const ANSWER_WITHIN = 5_000;
const SAY_DOWN_AFTER = 10_000;
const LOOK_AFTER_FAILURES = 3;
const SIGNED_OUT = 4401;
const TOO_MANY = 4429;

export class Connection {
  /**
   * @param {Store} store
   * @param {(frame: any, since: number) => void} relay to the other tabs
   */
  constructor(store, relay) {
    this.store = store;
    this.relay = relay;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.isGreeted = false;
    this.attempts = 0;
    this.failures = 0;
    this.isStopped = false;
    /** From where the next hello tells; null: none is on its way. @type {number | null} */
    this.since = null;
    /** A tab that asked while one was on its way. @type {number | null} */
    this.next = null;
    /** @type {Record<string, number | undefined>} */
    this.timers = {};
    /** @type {import("./polling.js").Polling | null} */
    this.polling = null;
    /** @type {(() => void) | undefined} */
    this.answered = undefined;
  }

  start() {
    this.timers.ping = setInterval(() => document.hidden || this.check(), PING_EVERY);
    this.open();
  }

  stop() {
    this.isStopped = true;
    this.close();
    this.polling?.stop();
    Object.values(this.timers).forEach(clearTimeout);
  }

  open() {
    clearTimeout(this.timers.retry);
    if (this.isStopped || this.socket) return;
    const url = new URL(config.urls.socket, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    this.since = this.store.seq;
    // Whose page this is: another person may have signed in since.
    url.search = `user=${config.user}&seq=${this.since}`;
    const socket = new WebSocket(url);
    this.socket = socket;
    this.timers.down ??= setTimeout(() => this.sayDown(), SAY_DOWN_AFTER);
    socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    socket.onclose = (event) => this.socket === socket && this.lost(event.code);
  }

  /** @param {any} frame */
  hear(frame) {
    clearTimeout(this.timers.answer);
    this.deliver(frame);
    if (frame.type === "hello") this.greeted();
    if (this.isGreeted) this.store.setStatus("live");
    this.settle();
  }

  /** Apply it here, and pass it on. @param {any} frame */
  deliver(frame) {
    const isHello = frame.type === "hello";
    const since = this.since ?? this.store.seq;
    if (!this.store.apply(frame)) this.resume(this.store.seq);
    this.relay(frame, since);
    if (!isHello) return;
    this.since = null;
    const { next } = this;
    this.next = null;
    if (next !== null && next < since) this.resume(next);
  }

  greeted() {
    this.isGreeted = true;
    this.failures = 0;
    this.polling?.stop();
    this.polling = null;
    clearTimeout(this.timers.down);
    this.timers.down = undefined;
    this.timers.stable = setTimeout(() => (this.attempts = 0), STABLE_AFTER);
  }

  /** Be told again what came after `seq`: something is missing here, or in another tab. @param {number} seq */
  resume(seq) {
    if (this.since !== null) {
      this.next = Math.min(seq, this.next ?? seq);
    } else if (this.isGreeted) {
      this.since = seq;
      this.send({ type: "resume", seq });
    } else {
      this.polling?.look(seq);
    }
  }

  /** Whoever waited for a word of the socket knows now. */
  settle() {
    this.answered?.();
    this.answered = undefined;
  }

  /** @param {number} code */
  lost(code) {
    const { isGreeted } = this;
    this.socket = null;
    this.since = null;
    this.failures += isGreeted ? 0 : 1;
    this.isGreeted = false;
    clearTimeout(this.timers.answer);
    clearTimeout(this.timers.stable);
    // Live again within a moment, mostly: nothing is said of it yet.
    if (this.store.status === "live") this.store.setStatus("connecting");
    this.settle();
    if (code === SIGNED_OUT && !isGreeted) {
      this.stop();
      this.store.setStatus("signed-out");
      return;
    }
    this.timers.down ??= setTimeout(() => this.sayDown(), SAY_DOWN_AFTER);
    if (this.failures >= LOOK_AFTER_FAILURES) this.poll();
    this.timers.retry = setTimeout(() => this.open(), this.pause(code));
  }

  /** @param {number} code */
  pause(code) {
    // The session ended, or a new password gave it a new cookie, which is just on its way: one more try tells.
    if (code === SIGNED_OUT) return FIRST_WAIT * (1 + Math.random());
    // Full jitter: a thousand pages that lost one server don't come back in the same moment.
    const most = code === TOO_MANY ? LONGEST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.attempts);
    this.attempts += 1;
    return Math.random() * most;
  }

  async poll() {
    // A server that is gone doesn't give its scripts either: the next failure tries again.
    const found = await import("./polling.js").catch(() => null);
    if (!found || this.isStopped || this.isGreeted || this.polling) return;
    this.polling = new found.Polling(this);
    this.polling.look(this.store.seq);
  }

  sayDown() {
    if (!this.polling) this.store.setStatus(navigator.onLine ? "down" : "offline");
  }

  /**
   * Something has changed for the better: don't wait out the pause; a socket that looks open must prove it.
   * @param {() => void} [known] called once it has, and at once where none looks open
   */
  retryNow(known = () => {}) {
    if (this.socket?.readyState === WebSocket.OPEN) {
      this.answered = known;
      this.check();
    } else {
      if (!this.socket) this.open();
      known();
    }
    this.polling?.look(this.store.seq);
  }

  check() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.send({ type: "ping" });
    clearTimeout(this.timers.answer);
    this.timers.answer = setTimeout(() => {
      this.close();
      this.lost(0);
    }, ANSWER_WITHIN);
  }

  /** @param {object} frame */
  send(frame) {
    if (this.socket?.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  close() {
    const { socket } = this;
    this.socket = null;
    socket?.close();
  }
}
