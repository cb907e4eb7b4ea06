/** Preview of what a form says, asked for anew as the form is typed in: the server's own HTML. Needs no other script. */
const PAUSE = 250;
const DEADLINE = 10_000;

/** Attributes: `data-url` (else the form's own address), `data-form` and `data-button` by id, `data-fields` whose errors
 * it shows, `data-no-answer` in words; `data-asks` what is sent along, where only its button asks. */
class CarillonPreview extends HTMLElement {
  connectedCallback() {
    this.isAsking = this.isOvertaken = false;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.form = /** @type {HTMLFormElement} */ (this.closest("form") ?? document.getElementById(this.dataset.form ?? ""));
    const button = /** @type {HTMLButtonElement} */ (document.getElementById(this.dataset.button ?? ""));
    if (this.dataset.asks) {
      button.addEventListener("click", (event) => {
        event.preventDefault();
        this.ask();
      });
      // Enter would save the whole form.
      this.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
        event.preventDefault();
        this.ask();
      });
      return;
    }
    button.hidden = true;
    this.form.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), PAUSE);
    });
  }

  /** One request at a time: what was typed meanwhile is asked for after it. */
  async ask() {
    this.isOvertaken = this.isAsking;
    if (this.isAsking) return;
    this.isAsking = true;
    this.setAttribute("aria-busy", "true");
    try {
      this.show(await this.answer());
    } catch (error) {
      console.warn(error);
      this.part("problems").textContent = this.dataset.noAnswer ?? "";
    }
    this.isAsking = false;
    this.removeAttribute("aria-busy");
    if (this.isOvertaken) this.ask();
  }

  async answer() {
    const fields = new URLSearchParams(/** @type {any} */ (new FormData(this.form)));
    fields.set("part", "preview");
    if (this.dataset.asks) fields.set(this.dataset.asks, "true");
    const url = this.dataset.url ?? this.form.getAttribute("action") ?? location.pathname;
    const response = await fetch(url, { method: "POST", body: fields, signal: AbortSignal.timeout(DEADLINE) });
    if (!response.ok || response.redirected) throw new Error(`${url} answered ${response.status}`);
    return new DOMParser().parseFromString(await response.text(), "text/html");
  }

  /** @param {string} name */
  part(name) {
    return /** @type {HTMLElement} */ (this.querySelector(`[data-part="${name}"]`));
  }

  /** Where there is something wrong, the last look stays. @param {Document} fresh */
  show(fresh) {
    for (const part of this.querySelectorAll("[data-part]")) {
      const name = part.getAttribute("data-part");
      const found = fresh.querySelector(`[data-part="${name}"]`);
      if (!found || (name !== "problems" && !found.childElementCount)) continue;
      // What is the same isn't read out again.
      if (found.innerHTML !== part.innerHTML) part.innerHTML = found.innerHTML;
    }
    for (const name of (this.dataset.fields ?? "").split(" ")) this.mark(name, fresh.querySelectorAll(`[data-field="${name}"] span`));
  }

  /** What is wrong with a field stands beside it. @param {string} name @param {NodeListOf<Element>} problems */
  mark(name, problems) {
    const field = this.form.elements.namedItem(name);
    if (!(field instanceof HTMLElement) || field.getAttribute("type") === "hidden") return;
    const id = `${field.id}_error`;
    const row = field.closest(".form-row, .field");
    row?.querySelectorAll(".errorlist").forEach((list) => list.remove());
    row?.classList.toggle("errors", problems.length > 0);
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
    field.toggleAttribute("aria-invalid", false);
    if (problems.length) {
      const list = Object.assign(document.createElement("ul"), { className: "errorlist", id });
      list.append(...[...problems].map(({ textContent }) => Object.assign(document.createElement("li"), { textContent })));
      (field.closest(".flex-container") ?? field).after(list);
      field.setAttribute("aria-invalid", "true");
      described.push(id);
    }
    if (described.length) field.setAttribute("aria-describedby", described.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}

customElements.define("carillon-preview", CarillonPreview);
