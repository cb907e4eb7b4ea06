/** Buttons that show the password in a field, and hide it again; without scripts they stay hidden. */
for (const found of document.querySelectorAll("[data-shows]")) {
  const button = /** @type {HTMLButtonElement} */ (found);
  const field = /** @type {HTMLInputElement} */ (document.getElementById(button.dataset.shows ?? ""));
  button.hidden = false;
  button.addEventListener("click", () => {
    const isShown = field.type === "password";
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    field.focus();
  });
}
