/** The one script a page names: starts the socket and upgrades the elements. Does nothing on a page for nobody. */
import { CarillonBell } from "./panel/bell.js";
import { config } from "./core/config.js";
import { startFeeds } from "./feed/define.js";
import { followOpening } from "./core/navigation.js";
import { store } from "./core/store.js";
import { Tabs } from "./core/tabs.js";
import { CarillonToasts } from "./toasts/toasts.js";

if (config && !customElements.get("carillon-bell")) {
  customElements.define("carillon-toasts", CarillonToasts);
  customElements.define("carillon-bell", CarillonBell);
  new Tabs(store).start();
  followOpening();
  if (document.querySelector("carillon-feed")) startFeeds();
  const chooser = document.getElementById("toast-life");
  if (chooser) import("./toasts/duration.js").then(({ offer }) => offer(chooser));
}
