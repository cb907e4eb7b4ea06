// Faults of a page at one width; `most`: lines that texts may have, by selector.
async ({ most, width }) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  while (!matchMedia(`(width: ${width}px)`).matches) await frame();
  /* `matchMedia` knows of a width before the styles do: they follow within the next frame. */
  await frame().then(frame);
  const wrong = new Set();
  const say = (what, node) => {
    const classes = [...node.classList].map((one) => `.${one}`).join("");
    wrong.add(`${what}: ${node.parentElement?.className} > ${node.localName}${classes} “${[...node.textContent.trim()].slice(0, 30).join("")}”`);
  };
  /* What counts of an element, looked up once. */
  const known = new Map();
  const looksOf = (node) => {
    if (!known.has(node)) {
      const style = getComputedStyle(node), isInline = style.display.startsWith("inline") || style.display === "contents";
      known.set(node, {
        edge: node.getBoundingClientRect(),
        isInline,
        isGone: style.clipPath !== "none" || style.opacity === "0",
        isCutting: style.overflow !== "visible" && !isInline,
        isReached: /auto|scroll/.test(style.overflow) || style.webkitLineClamp !== "none" || style.textOverflow === "ellipsis",
        isLayer: ["fixed", "sticky"].includes(style.position) || node.hasAttribute("popover"),
      });
    }
    return known.get(node);
  };
  if (document.documentElement.scrollWidth > innerWidth) wrong.add("the document scrolls sideways");
  for (const part of document.querySelectorAll(".bar, .bell, .badge, .avatar[popovertarget]")) {
    if (part.checkVisibility() && part.getBoundingClientRect().right > innerWidth) say("beyond the window", part);
  }
  for (const [places, lines] of Object.entries(most)) {
    for (const text of document.querySelectorAll(places)) {
      const box = text.getBoundingClientRect();
      if (text.checkVisibility() && box.height / parseFloat(getComputedStyle(text).lineHeight) > lines + 0.5) say("too many lines", text);
    }
  }

  /* Where a text or control is seen: cut by every box around it that cuts. Null: nowhere. */
  const seen = (start, box) => {
    let { left, right, top, bottom } = box, layer = document.body, block = null, isCut = false;
    for (let around = start; around && around !== document.body; around = around.parentElement) {
      const { edge, isInline, isGone, isCutting, isReached, isLayer } = looksOf(around);
      if (isGone) return null;
      if (!block && !isInline) block = around;
      if (isCutting) {
        if (!isReached && !isCut && (right > edge.right + 1 || left < edge.left - 1 || bottom > edge.bottom + 3)) say("hidden", start);
        isCut = true;
        [left, right, top, bottom] = [Math.max(left, edge.left), Math.min(right, edge.right), Math.max(top, edge.top), Math.min(bottom, edge.bottom)];
      } else if (around === block && !isCut && (right > edge.right + 2 || left < edge.left - 2)) say("outside its box", start);
      if (isLayer) {
        layer = around;
        break;
      }
    }
    if (right > left && (right > innerWidth + 1 || left < -1)) say("beyond the window", start);
    return right - left > 1 && bottom - top > 1 ? { left, right, top, bottom, layer, block: block ?? start, start } : null;
  };
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const start = text.parentElement;
    if (!text.data.trim() || !start.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true })) continue;
    range.selectNodeContents(text);
    found.push(seen(start, range.getBoundingClientRect()));
  }
  for (const control of document.querySelectorAll("button, select, textarea, input, .button, .tile")) {
    if (control.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true })) {
      found.push(seen(control, control.getBoundingClientRect()));
    }
  }
  const places = found.filter(Boolean).sort((one, other) => one.top - other.top);
  places.forEach((one, index) => {
    for (let next = index + 1; next < places.length && places[next].top < one.bottom - 4; next += 1) {
      const other = places[next];
      if (one.layer !== other.layer || one.block.contains(other.block) || other.block.contains(one.block)) continue;
      if (one.start.contains(other.start) || other.start.contains(one.start)) continue;
      const isOver = Math.min(one.right, other.right) - Math.max(one.left, other.left) > 3;
      if (isOver && Math.min(one.bottom, other.bottom) - other.top > 4) say(`over ${other.start.className}`, one.start);
    }
  });
  return [...wrong];
}
