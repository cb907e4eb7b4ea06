/** What rows and toasts have alike: words for category and reason, icon, initials, progress. */
import { address, config, say } from "./config.js";

/** @param {string} category */
export function categoryWord(category) {
  const plain = category.replaceAll("_", " ");
  return config.categories[category] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** @param {import("./config.js").Row} row */
export function reasonWords(row) {
  if (row.reason.startsWith("group:")) return config.words.inGroup.replace("{name}", () => row.reason.slice(6));
  return (row.category === "job" && config.jobReasons[row.reason]) || config.reasons[row.reason] || "";
}

/** What has become of it: over, or somebody is on it. @param {import("./config.js").Row} row */
export function stateWords({ is_over: isOver, acknowledged_by: name }) {
  return isOver ? say("over") : name ? say("onIt", { name }) : "";
}

/**
 * @param {string} type
 * @param {string} category
 */
export function iconOf(type, category) {
  const { type: byType, verb, category: byCategory } = config.icons;
  return byType[type] ?? verb[type.split(".").at(-1) ?? ""] ?? byCategory[category] ?? "bell";
}

/**
 * @param {Element | null} where
 * @param {string} name
 */
export function setIcon(where, name) {
  where?.querySelector("use")?.setAttribute("href", `#carillon-${name}`);
}

/**
 * A failure's icon is filled, so that not colour alone tells of it.
 * @param {HTMLElement} node
 * @param {import("./config.js").Row} row
 * @param {string} title id of its title, which names the progress
 */
export function dressTile(node, { id, event_type: type, category, initials, progress, acknowledged_by: taken }, title) {
  const who = node.querySelector(".tile .who");
  const bar = /** @type {HTMLProgressElement | null} */ (node.querySelector("progress"));
  setIcon(node.querySelector(".tile"), iconOf(type, category));
  if (who) who.textContent = initials ?? "";
  node.toggleAttribute("data-failed", config.icons.failures.includes(type.split(".").at(-1)));
  const take = /** @type {HTMLButtonElement} */ (node.querySelector(".take"));
  take.hidden = taken !== "";
  take.formAction = address("acknowledge", id);
  if (!bar) return;
  bar.hidden = typeof progress !== "number";
  bar.value = progress ?? 0;
  bar.setAttribute("aria-labelledby", title);
}
