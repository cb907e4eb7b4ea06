/** Elements of a page that isn't ours: filled with what our own pages bring along. */

/** Where the pages are under a prefix, any element of the page says so. */
const ELSEWHERE = "data-carillon-embed";
/** Empty for nobody: then all of it stays as it is. @type {Promise<Document> | undefined} */
let fetched;

async function fetchMarkup() {
  const from = document.querySelector(`[${ELSEWHERE}]`)?.getAttribute(ELSEWHERE) ?? "/notifications/embed/";
  fetched ??= fetch(from, { headers: { Accept: "text/html" } })
    .then((response) => (response.ok ? response.text() : ""))
    .then((text) => new DOMParser().parseFromString(text, "text/html"));
  const page = await fetched;
  const fresh = /** @type {Document} */ (page.cloneNode(true));
  // A swap of the whole body takes them away with it.
  for (const part of fresh.body.querySelectorAll(":scope > :not(carillon-bell, carillon-toasts)")) {
    const name = part.id ? `#${part.id}` : `.${part.classList[0]}`;
    if (!document.querySelector(name)) document.body.append(part);
  }
  return fresh;
}

/** @param {Element} element */
export async function fillElement(element) {
  const own = (await fetchMarkup()).querySelector(element.localName);
  if (!own || element.firstElementChild) return;
  for (const { name, value } of own.attributes) element.setAttribute(name, value);
  element.replaceChildren(...own.childNodes);
  // Upgraded already: it has waited for this.
  if (customElements.get(element.localName) && element.isConnected) /** @type {any} */ (element).connectedCallback();
}
