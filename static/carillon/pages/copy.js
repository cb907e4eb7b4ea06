/** Buttons that copy a field's text; without the clipboard, or without scripts, one selects it by hand. */
for (const button of navigator.clipboard ? document.querySelectorAll("[data-copy]") : []) {
  const copier = /** @type {HTMLButtonElement} */ (button);
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(copier.dataset.copy ?? ""));
  copier.hidden = !field;
  copier.addEventListener("click", async () => {
    field?.select();
    await navigator.clipboard.writeText(field?.value ?? "");
    copier.textContent = copier.dataset.copied ?? "";
  });
}
