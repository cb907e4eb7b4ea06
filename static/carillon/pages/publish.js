/** Choosing a type loads its sample at once. */
const chooser = /** @type {HTMLFormElement | null} */ (document.getElementById("choose-type"));

if (chooser) {
  /** @type {HTMLElement} */ (chooser.querySelector("button")).hidden = true;
  chooser.addEventListener("change", () => chooser.submit());
}
