/** The one script that a page of another project names. */
import { fill } from "./embed/elements.js";

if (!document.getElementById("carillon-config")) {
  await Promise.all([...document.querySelectorAll("carillon-bell, carillon-toasts")].map(fill));
  await import("./carillon.js");
}
