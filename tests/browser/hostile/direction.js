// Texts whose direction isn't the page's, outside an isolate. A value alone may have the direction it has; within a
// sentence it is isolated, and doesn't turn the sentence.
(values) => {
  const foreign = /[\p{Script=Arabic}\p{Script=Hebrew}\u202a-\u202e]/u;
  const wrong = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const around = text.parentElement;
    const said = text.data.replace(/\u2068[^\u2069]*(\u2069|$)/g, "").trim().replace(/…$/, "");
    if (!foreign.test(said) || around.closest("script, template, pre, textarea, option, code, .carillon-hidden, [aria-hidden=true]")) continue;
    let block = around;
    while (getComputedStyle(block).display === "inline" && block.localName !== "bdi") block = block.parentElement;
    const seen = block.cloneNode(true);
    seen.querySelectorAll(".carillon-hidden").forEach((hidden) => hidden.remove());
    const isAlone = seen.textContent.trim() === text.data.trim();
    if (!(isAlone && values.some((value) => value.includes(said)))) wrong.push(`turned: ${block.className} ${block.localName} “${[...said].slice(0, 60).join("")}”`);
  }
  return wrong;
}
