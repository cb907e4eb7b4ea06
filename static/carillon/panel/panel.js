/** Contents of the bell's panel: the feed, fetched when it is first opened. */
import { config, say } from "../core/config.js";
import { get } from "../core/http.js";
import { defineFeed } from "../feed/define.js";

/** @param {HTMLElement} panel */
export async function fillPanel(panel) {
  if (panel.querySelector("carillon-feed")) return;
  try {
    const [response] = await Promise.all([get(config.urls.panel), defineFeed()]);
    const feed = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("carillon-feed");
    if (feed) panel.replaceChildren(document.adoptNode(feed));
  } catch {
    failed(panel);
  }
}

/** @param {HTMLElement} panel */
function failed(panel) {
  const words = document.createElement("p");
  words.className = "panel-waiting";
  words.textContent = `${say("loadFailed")} `;
  const again = document.createElement("button");
  again.className = "button";
  again.textContent = say("retry");
  again.addEventListener("click", () => fillPanel(panel));
  words.append(again);
  panel.replaceChildren(words);
}
