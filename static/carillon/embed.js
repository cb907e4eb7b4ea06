/** The one script that a page of another project names. */
import { fillElement } from "./embed/elements.js";

if (!document.getElementById("carillon-config")) {
  await Promise.all([...document.querySelectorAll("carillon-bell, carillon-toasts, carillon-follow")].map(fillElement));
  await import("./carillon.js");
}
