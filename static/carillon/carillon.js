/** The one script a page names: starts the socket and upgrades the elements. Does nothing on a page for nobody. */
import { CarillonBell } from "./bell.js";
import { config } from "./config.js";
import { Connection } from "./connection.js";
import { CarillonFeed } from "./feed.js";
import { store } from "./store.js";
import { keepTimes } from "./time.js";
import { CarillonToasts } from "./toasts.js";

if (config && !customElements.get("carillon-bell")) {
  customElements.define("carillon-toasts", CarillonToasts);
  customElements.define("carillon-bell", CarillonBell);
  customElements.define("carillon-feed", CarillonFeed);
  new Connection(store).start();
  keepTimes();
}
