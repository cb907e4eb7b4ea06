/** The one script a page names: starts the socket and upgrades the elements. Does nothing on a page for nobody. */
import { config } from "./core/config.js";
import { handleOpenClicks } from "./core/navigation.js";
import { store } from "./core/store.js";
import { Tabs } from "./core/tabs.js";
import { CarillonFollow } from "./embed/follow.js";
import { defineFeed } from "./feed/define.js";
import { CarillonBell } from "./panel/bell.js";
import { CarillonToasts } from "./toasts/toasts.js";

if (config && !customElements.get("carillon-bell")) {
  customElements.define("carillon-toasts", CarillonToasts);
  customElements.define("carillon-bell", CarillonBell);
  customElements.define("carillon-follow", CarillonFollow);
  new Tabs(store).start();
  handleOpenClicks();
  if (document.querySelector("carillon-feed")) defineFeed();
  if (document.documentElement.matches(".carillon-site")) import("./core/way_back.js").then(({ guardWayBack }) => guardWayBack());
  else import("./embed/surroundings.js").then(({ followSurroundings }) => followSurroundings());
  const select = document.getElementById("toast-duration");
  if (select) import("./toasts/duration.js").then(({ bindDurationSelect }) => bindDurationSelect(select));
}
