/** Contents of the bell's panel: the feed, fetched when it is first opened. */
import { config, say } from "../core/config.js";
import { getPart } from "../core/http.js";
import { defineFeed } from "../feed/define.js";

/** @param {HTMLElement} panel */
export async function fillPanel(panel) {
  if (panel.querySelector("carillon-feed")) return;
  try {
    const [part] = await Promise.all([getPart(config.urls.panel), defineFeed()]);
    const feed = part.querySelector("carillon-feed");
    if (feed) panel.replaceChildren(feed);
  } catch {
    failed(panel);
  }
}

/** @param {HTMLElement} panel */
function failed(panel) {
  const again = Object.assign(document.createElement("button"), { className: "button", textContent: say("retry") });
  again.onclick = () => fillPanel(panel);
  const words = Object.assign(document.createElement("p"), { className: "panel-waiting" });
  words.append(`${say("loadFailed")} `, again);
  panel.replaceChildren(words);
}
