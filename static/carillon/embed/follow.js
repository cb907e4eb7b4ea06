/** `<carillon-follow type="job" id="42">`, in a page that isn't ours: the forms to follow and mute that, for who may. */
import { config } from "../core/config.js";
import { getPart } from "../core/http.js";

export class CarillonFollow extends HTMLElement {
  async connectedCallback() {
    const type = this.getAttribute("type");
    if (!type || this.firstElementChild) return;
    const query = new URLSearchParams({ of: `${type}:${this.id}`, next: location.pathname + location.search });
    const forms = await getPart(`${config.urls.follow}?${query}`).catch(() => "");
    this.classList.add("carillon-site", "row-choices");
    this.replaceChildren(forms);
  }
}
