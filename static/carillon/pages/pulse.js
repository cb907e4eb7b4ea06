/** Pulse, live: a frame says that there is something to see, and the page reads its two parts anew. */
import { config } from "../core/config.js";
import { getPart } from "../core/http.js";
import { store } from "../core/store.js";

const RENEW_EVERY = 25_000;
// Where no frame comes, the page looks by itself.
const LOOK_EVERY = 15_000;

class CarillonPulse extends HTMLElement {
  connectedCallback() {
    this.isPaused = this.isReading = false;
    this.heardAt = Date.now();
    const button = /** @type {HTMLButtonElement} */ (this.querySelector("[data-pause]"));
    const live = /** @type {HTMLElement} */ (this.querySelector("[data-live]"));
    /** @type {HTMLElement} */ (this.querySelector("[data-reload]")).hidden = true;
    button.hidden = false;
    const show = () => (live.hidden = this.isPaused || store.status !== "live");
    button.onclick = () => {
      this.isPaused = !this.isPaused;
      button.setAttribute("aria-pressed", String(this.isPaused));
      show();
      this.read();
    };
    // The tab that has the socket hears the wish, and passes on each frame, to this very page as well.
    if (!window.BroadcastChannel) return;
    this.channel = new BroadcastChannel(`carillon-${config.user}`);
    this.channel.onmessage = ({ data }) => data.frame?.type === "pulse" && this.read();
    store.addEventListener("connection", () => {
      show();
      // Whoever has the socket takes a moment to know as well.
      setTimeout(() => this.watch(), 100);
    });
    document.addEventListener("visibilitychange", () => this.watch());
    setInterval(() => this.watch(), RENEW_EVERY);
    setInterval(() => Date.now() - this.heardAt > LOOK_EVERY && this.read(), LOOK_EVERY);
    show();
    this.watch();
  }

  /** Ask for frames: nobody looks at a page that doesn't. */
  watch() {
    if (!document.hidden && !this.isPaused && store.status === "live") this.channel?.postMessage({ watch: true });
  }

  async read() {
    if (this.isPaused || this.isReading || document.hidden) return;
    this.isReading = true;
    this.heardAt = Date.now();
    try {
      const fresh = await getPart(this.dataset.url ?? "");
      if (!this.isPaused) this.show(fresh);
    } catch (error) {
      console.warn(error);
    } finally {
      this.isReading = false;
    }
  }

  /** @param {DocumentFragment} fresh */
  show(fresh) {
    const focused = document.activeElement;
    const line = focused?.closest("[data-id]")?.getAttribute("data-id");
    const href = focused?.getAttribute("href");
    for (const part of this.querySelectorAll("[data-part]")) {
      const found = fresh.querySelector(`[data-part="${part.getAttribute("data-part")}"]`);
      if (found) part.replaceChildren(...found.childNodes);
    }
    if (line && href) /** @type {HTMLElement | null} */ (this.querySelector(`[data-id="${line}"] [href="${CSS.escape(href)}"]`))?.focus();
  }
}

customElements.define("carillon-pulse", CarillonPulse);
