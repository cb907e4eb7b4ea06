/**
 * What this page knows of the inbox. Frames come in, events go out; a frame counts once and in order, or not at all.
 *
 * Events: `rows` {rows, news, late}, `read`, `read_all`, `removed`, `resync`, `summary` (the frames),
 * `unread` {count, before}, `settings`, `connection`. `news` may ring; `late` would have, had it come in time.
 * @typedef {import("./config.js").Row} Row
 * @typedef {import("./config.js").Settings} Settings
 * @typedef {{id: number, seq: number, kind: string, title: string, text: string, url: string, is_read: boolean}} Summary
 * @typedef {"connecting" | "live" | "down" | "polling" | "offline" | "signed-out"} Status
 */
import { config } from "./config.js";

const FRESH = 30_000;
const LONGEST_TIMER = 2 ** 31 - 1;

export class Store extends EventTarget {
  /** @param {{seq: number, unread: number, settings: Settings, now: string}} start */
  constructor(start) {
    super();
    this.seq = start.seq;
    this.unread = start.unread;
    /** @type {Settings} */
    this.settings = start.settings;
    /** @type {Status} */
    this.status = "connecting";
    this.heardAt = Date.now();
    this.skew = Date.parse(start.now) - Date.now();
    /** Ids that a frame beyond a gap wanted to toast: their rows come with the next hello. @type {Set<number>} */
    this.wanted = new Set();
    /** @type {number | undefined} */
    this.quietTimer = undefined;
    this.watchQuiet();
  }

  /** The server's clock, in milliseconds. */
  now() {
    return Date.now() + this.skew;
  }

  get isQuiet() {
    const { dnd_enabled: on, dnd_until: until } = this.settings;
    return on && (!until || Date.parse(until) > this.now());
  }

  /**
   * @param {any} frame
   * @returns {boolean} false: something is missing before this frame, ask for it
   */
  apply(frame) {
    this.heardAt = Date.now();
    switch (frame.type) {
      case "hello":
        this.hello(frame);
        return true;
      case "resync":
        this.seq = frame.seq;
        this.setUnread(frame.unread_count);
        this.emit("resync", frame);
        return true;
      case "pong":
      case "error":
        return true;
    }
    if (frame.seq <= this.seq) return true;
    if (frame.seq > this.seq + 1) {
      if (frame.toast) this.wanted.add(frame.notification.id);
      return false;
    }
    this.seq = frame.seq;
    if (typeof frame.unread_count === "number") this.setUnread(frame.unread_count);
    if (frame.type === "notification") {
      const row = frame.notification;
      const isFresh = this.isFresh(row);
      const ringing = frame.toast ? [row] : [];
      this.emit("rows", { rows: [row], news: isFresh ? ringing : [], late: isFresh ? [] : ringing });
    } else if (frame.type === "settings") {
      this.setSettings(frame);
    } else {
      this.emit(frame.type, frame);
    }
    return true;
  }

  /** @param {any} frame */
  hello(frame) {
    const known = this.seq;
    this.seq = frame.seq;
    this.skew = Date.parse(frame.now) - Date.now();
    if (frame.settings) this.setSettings(frame.settings);
    this.setUnread(frame.unread_count);
    /** @type {Summary[]} */
    const summaries = (frame.summaries ?? []).filter((/** @type {Summary} */ summary) => summary.seq > known);
    // A hello that another tab has asked for tells what this one knows already.
    const rows = frame.notifications.filter((/** @type {Row} */ row) => row.seq > known);
    const arrived = rows.filter((/** @type {Row} */ row) => !row.is_read && row.feed_seq > known);
    const rings = (/** @type {Row} */ row) => this.isFresh(row) && (this.wanted.has(row.id) || row.is_critical || !frame.is_held);
    const news = arrived.filter(rings);
    // What is held makes no noise, and what a summary gives back has its own.
    const late = frame.is_held || summaries.length ? [] : arrived.filter((/** @type {Row} */ row) => !rings(row));
    this.wanted.clear();
    (frame.removed ?? []).forEach((/** @type {object} */ gone) => this.emit("removed", gone));
    if (rows.length) this.emit("rows", { rows, news, late });
    summaries.forEach((summary) => this.emit("summary", summary));
  }

  /** Older ones are no news any more. @param {Row} row */
  isFresh(row) {
    return this.now() - Date.parse(row.created_at) < FRESH;
  }

  /** @param {number} count */
  setUnread(count) {
    const before = this.unread;
    this.unread = count;
    if (count !== before) this.emit("unread", { count, before });
  }

  /** @param {Settings} settings */
  setSettings(settings) {
    this.settings = settings;
    this.watchQuiet();
    this.emit("settings", settings);
  }

  /** @param {Status} status */
  setStatus(status) {
    if (status === this.status) return;
    this.status = status;
    this.emit("connection", { status });
  }

  /** An end that passes reads as off, without anybody saying so. */
  watchQuiet() {
    clearTimeout(this.quietTimer);
    if (!this.isQuiet || !this.settings.dnd_until) return;
    const left = Date.parse(this.settings.dnd_until) - this.now();
    this.quietTimer = setTimeout(
      () => {
        if (!this.isQuiet) this.emit("settings", this.settings);
        this.watchQuiet();
      },
      Math.min(left + 50, LONGEST_TIMER),
    );
  }

  /**
   * @param {string} name
   * @param {unknown} detail
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * @param {string} name
   * @param {(detail: any) => void} act
   * @param {AbortSignal} signal
   */
  on(name, act, signal) {
    this.addEventListener(name, (event) => act(/** @type {CustomEvent} */ (event).detail), { signal });
  }
}

export const store = new Store(config ?? { seq: 0, unread: 0, settings: { dnd_enabled: false, dnd_until: null }, now: new Date().toISOString() });
