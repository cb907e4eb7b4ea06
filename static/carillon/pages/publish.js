/** Choosing a type loads its sample at once, what is typed shows as people would get it, and who was told fills in. */
import { getPart } from "../core/http.js";
import "./preview.js";

const FIRST_LOOK = 400;
const LAST_LOOK = 30_000;
const chooser = /** @type {HTMLFormElement | null} */ (document.getElementById("choose-type"));
const published = document.getElementById("published");

if (chooser) {
  /** @type {HTMLElement} */ (chooser.querySelector("button")).hidden = true;
  chooser.addEventListener("change", () => chooser.submit());
}

/** Ask for this page again until the router has come by. @param {HTMLElement} place @param {number} wait */
async function follow(place, wait) {
  if (!place.hasAttribute("data-waiting") || wait > LAST_LOOK) return;
  await new Promise((done) => setTimeout(done, wait));
  try {
    const found = (await getPart(location.href)).getElementById("published");
    if (found && found.innerHTML !== place.innerHTML) place.innerHTML = found.innerHTML;
    place.toggleAttribute("data-waiting", Boolean(found?.hasAttribute("data-waiting")));
  } catch (error) {
    console.warn(error);
  }
  follow(place, wait * 2);
}

if (published) follow(published, FIRST_LOOK);
