/** Read marks that no server has heard of yet: kept in this browser, and told once something gets through again. */
import { address } from "../core/config.js";
import { isCut } from "../core/failure.js";
import { post } from "../core/http.js";
import { load, save } from "../core/storage.js";

const NAME = "marks";

/** @returns {Record<string, boolean>} */
const kept = () => JSON.parse(load(NAME) || "{}");

/**
 * @param {string} id
 * @param {boolean} isRead
 */
export function keepMark(id, isRead) {
  save(NAME, JSON.stringify({ ...kept(), [id]: isRead }));
}

/** Tell all that is kept, and keep each until it was heard: the page may go meanwhile. Twice, by two tabs, is once. */
export async function replayMarks() {
  for (const [id, isRead] of Object.entries(kept())) {
    try {
      await post(address(isRead ? "read" : "unread", id), {});
    } catch (error) {
      if (isCut(error)) return;
    }
    const { [id]: now, ...others } = kept();
    if (now === isRead) save(NAME, JSON.stringify(others));
  }
}
