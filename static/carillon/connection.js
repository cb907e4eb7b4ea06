/**
 * The page's socket: resumes from the last `seq`, comes back by itself, and says when it can't.
 * @typedef {import("./store.js").Store} Store
 */
import { config } from "./config.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
const PING_EVERY = 30_000;
const ANSWER_WITHIN = 5_000;
const SAY_DOWN_AFTER = 10_000;
const SIGNED_OUT = 4401;
const TOO_MANY = 4429;

export class Connection {
  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.attempts = 0;
    this.resuming = false;
    this.stopped = false;
    /** @type {number | undefined} */
    this.retryTimer = undefined;
    /** @type {number | undefined} */
    this.downTimer = undefined;
    /** @type {number | undefined} */
    this.answerTimer = undefined;
  }

  start() {
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.store.setStatus("offline"));
    addEventListener("pageshow", (event) => event.persisted && this.retryNow());
    // A page that may come back from the browser's cache must not hold a socket meanwhile.
    addEventListener("pagehide", () => this.close());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
    setInterval(() => document.hidden || this.check(), PING_EVERY);
    this.open();
  }

  open() {
    clearTimeout(this.retryTimer);
    if (this.stopped || this.socket) return;
    const url = new URL(config.urls.socket, location.href);
    url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("seq", String(this.store.seq));
    const socket = new WebSocket(url);
    this.socket = socket;
    this.downTimer ??= setTimeout(() => this.sayDown(), SAY_DOWN_AFTER);
    socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.lost(event.code);
    });
  }

  /** @param {any} frame */
  hear(frame) {
    clearTimeout(this.answerTimer);
    if (frame.type === "hello") {
      this.attempts = 0;
      this.resuming = false;
      clearTimeout(this.downTimer);
      this.downTimer = undefined;
    }
    if (!this.store.apply(frame) && !this.resuming) {
      this.resuming = true;
      this.send({ type: "resume", seq: this.store.seq });
    }
    if (frame.type === "hello") this.store.setStatus("live");
  }

  /** @param {number} code */
  lost(code) {
    this.socket = null;
    this.resuming = false;
    clearTimeout(this.answerTimer);
    if (code === SIGNED_OUT) {
      this.stopped = true;
      clearTimeout(this.downTimer);
      this.store.setStatus("signed-out");
      return;
    }
    this.downTimer ??= setTimeout(() => this.sayDown(), SAY_DOWN_AFTER);
    // Full jitter: a thousand pages that lost one server don't come back in the same moment.
    const most = code === TOO_MANY ? LONGEST_WAIT : Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.attempts);
    this.attempts += 1;
    this.retryTimer = setTimeout(() => this.open(), Math.random() * most);
  }

  sayDown() {
    this.store.setStatus(navigator.onLine ? "down" : "offline");
  }

  /** Something has changed for the better: don't wait out the pause; a socket that looks open must prove it. */
  retryNow() {
    if (this.socket?.readyState === WebSocket.OPEN) this.check();
    else if (!this.socket) this.open();
  }

  check() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.send({ type: "ping" });
    clearTimeout(this.answerTimer);
    this.answerTimer = setTimeout(() => {
      this.close();
      this.lost(0);
    }, ANSWER_WITHIN);
  }

  /** @param {object} frame */
  send(frame) {
    this.socket?.send(JSON.stringify(frame));
  }

  close() {
    const { socket } = this;
    this.socket = null;
    clearTimeout(this.answerTimer);
    socket?.close();
  }
}
