/**
 * One reducer for what frames say of rows, wherever a page keeps them: on screen, behind "3 new", as toasts that are
 * shown, wait or are still untold, as summaries. What a frame reads or removes goes out of every place at once.
 *
 * @typedef {{id: number | string, seq: number, category: string}} Kept `seq`: as of when it surfaced
 * @typedef {{kept: () => Iterable<Kept>, mark: (ids: Set<string>, isRead: boolean) => unknown,
 *   drop: (ids: Set<string>) => unknown}} Place
 */
import { store } from "./store.js";

/**
 * Keep a place in step until the signal.
 * @param {Place} place
 * @param {AbortSignal} signal
 */
export function follow(place, signal) {
  store.on("read", ({ ids, is_read: isRead }) => place.mark(new Set(ids.map(String)), isRead), signal);
  store.on("read_all", ({ up_to: upTo, category }) => readUpTo(place, upTo, category), signal);
  store.on("removed", ({ ids }) => place.drop(new Set(ids.map(String))), signal);
}

/**
 * What came since stays, as it stays unread.
 * @param {Place} place
 * @param {number} upTo
 * @param {string | null} category
 * @returns {any} what the place's own `mark` returns
 */
export function readUpTo(place, upTo, category) {
  const read = [...place.kept()].filter((kept) => kept.seq <= upTo && (!category || kept.category === category));
  return place.mark(new Set(read.map(({ id }) => String(id))), true);
}
