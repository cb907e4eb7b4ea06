/** Way back to a page of ours: it never shows what was somebody's who has signed out since. The server asks who this is. */
import { config } from "./config.js";
import { get } from "./http.js";
import { load, save } from "./storage.js";
import { store } from "./store.js";

const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
let isBack = navigation?.type === "back_forward";

export function guardWayBack() {
  document.addEventListener("submit", ({ target }) => {
    if (/** @type {Element} */ (target).matches("[data-ends-session]")) save("ended", Date.now());
  });
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    isBack = true;
    if (Number(load("ended")) > performance.timeOrigin) showNothing();
    // Ended elsewhere: a 401 is heard of by the store.
    else get(`${config.urls.since}?user=${config.user}&seq=${store.seq}`).catch(() => {});
  });
  store.addEventListener("connection", leaveIfEnded);
  leaveIfEnded();
}

function leaveIfEnded() {
  if (isBack && store.status === "signed-out") showNothing();
}

function showNothing() {
  document.documentElement.hidden = true;
  location.reload();
}
