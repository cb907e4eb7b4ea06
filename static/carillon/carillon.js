/** The one script a page names: starts the socket and upgrades the elements. Does nothing on a page for nobody. */
import { CarillonBell } from "./bell.js";
import { config } from "./config.js";
import { startFeeds } from "./feeds.js";
import { followOpening } from "./opening.js";
import { store } from "./store.js";
import { Tabs } from "./tabs.js";
import { CarillonToasts } from "./toasts.js";

if (config && !customElements.get("carillon-bell")) {
  customElements.define("carillon-toasts", CarillonToasts);
  customElements.define("carillon-bell", CarillonBell);
  new Tabs(store).start();
  followOpening();
  if (document.querySelector("carillon-feed")) startFeeds();
  const chooser = document.getElementById("toast-life");
  if (chooser) import("./life.js").then(({ offer }) => offer(chooser));
}
