/** What the tests of the gallery ask of a page. */
(() => {
  // Lengths that come of the words inside and of what is around; and what a finger leaves behind, which is the page's.
  const LEFT_OUT =
    /^((max-)?((inline|block)-size|width|height)|inset|top|right|bottom|left|perspective-origin|transform-origin|grid-template|color-scheme|-webkit-(locale|tap))/;

  /** Computed values by property, also of what stands before and after. */
  window.look = (element) => {
    const found = {};
    for (const pseudo of ["", "::before", "::after"]) {
      const style = getComputedStyle(element, pseudo || null);
      if (pseudo && style.content === "none") continue;
      for (const name of style) if (!LEFT_OUT.test(name)) found[pseudo + name] = style.getPropertyValue(name);
    }
    return found;
  };

  window.looks = (selectors) => Object.fromEntries(selectors.map((one) => [one, look(document.querySelector(one))]));

  /** Of each element of the page's own, in their order. */
  window.hostLooks = () =>
    [...document.querySelectorAll("html, body, header, main, header *, main *")]
      .filter((element) => !element.closest("carillon-bell, carillon-toasts, .carillon-sprite"))
      .map((element) => [element.outerHTML.slice(0, 40), look(element)]);
})();
