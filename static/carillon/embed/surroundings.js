/**
 * Bell and toasts in a page that isn't ours: where the bell would not be seen in the colour of its bar it gets a ground
 * of its own, and what floats begins below it.
 */

/** Contrast that an icon needs to what is behind it: WCAG 2.2, 1.4.11. */
const LEAST = 3;
/** Space between the bell and what begins below it, in pixels. */
const GAP = 8;
const PICTURES = "canvas, iframe, img, svg, video";
const SEE_THROUGH = /rgba|\/|transparent/;

const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
const dark = matchMedia("(prefers-color-scheme: dark)");

export function followSurroundings() {
  let frame = 0;
  const soon = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      measure();
    });
  };
  const isAround = (/** @type {Node} */ node) => bells().some((bell) => bell !== node && node.contains(bell));
  new MutationObserver((changes) => changes.some(({ target }) => isAround(target)) && soon()).observe(document, {
    attributes: true,
    subtree: true,
  });
  for (const name of ["load", "scrollend", "transitionend", "carillon:unread", "carillon:notification"]) {
    document.addEventListener(name, soon, true);
  }
  for (const name of ["load", "resize"]) addEventListener(name, soon);
  dark.addEventListener("change", soon);
  measure();
}

function measure() {
  let below = 0;
  const toasts = /** @type {HTMLElement | null} */ (document.querySelector("carillon-toasts"));
  const column = toasts?.getBoundingClientRect();
  for (const bell of bells()) {
    const link = bell.querySelector(".bell");
    if (!link) continue;
    bell.toggleAttribute("data-ground", !isSeen(bell));
    const { bottom, left, right } = link.getBoundingClientRect();
    const isOver = column && left < column.right && right > column.left && bottom < innerHeight / 2;
    if (isOver) below = Math.max(below, bottom + GAP);
  }
  for (const element of [toasts, ...bells()]) element?.style.setProperty("--carillon-below", `${below}px`);
}

function bells() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("carillon-bell")]);
}

/**
 * Whether the bell's colour stands out from what is painted behind it. What a picture shows nobody knows.
 * @param {HTMLElement} bell
 */
function isSeen(bell) {
  const behind = [];
  for (const element of elementsBehind(bell)) {
    const { backgroundColor, backgroundImage } = getComputedStyle(element);
    if (backgroundImage !== "none" || element.matches(PICTURES)) return false;
    behind.unshift(backgroundColor);
    if (!SEE_THROUGH.test(backgroundColor)) break;
  }
  const ground = [canvasColour(), ...behind];
  const [less, more] = [luminance(ground), luminance([...ground, getComputedStyle(bell).color])].sort((a, b) => a - b);
  return (more + 0.05) / (less + 0.05) >= LEAST;
}

/** From the top down; the elements around it where it is out of the window. @param {HTMLElement} bell */
function elementsBehind(bell) {
  const { left, top, width, height } = bell.getBoundingClientRect();
  const stack = document.elementsFromPoint(left + width / 2, top + height / 2);
  const own = stack.findLastIndex((element) => bell.contains(element));
  const behind = stack.slice(own + 1);
  if (own < 0) {
    behind.length = 0;
    for (let around = bell.parentElement; around; around = around.parentElement) behind.push(around);
  }
  // What these two have is painted all over the window.
  return [...behind, document.body, document.documentElement];
}

function canvasColour() {
  let scheme = getComputedStyle(document.documentElement).colorScheme;
  if (scheme === "normal") scheme = document.querySelector("meta[name=color-scheme]")?.getAttribute("content") ?? "";
  return scheme.includes("dark") && (dark.matches || !scheme.includes("light")) ? "#121212" : "#fff";
}

/** Relative luminance of colours painted one over the other, from 0 to 1. @param {string[]} colours */
function luminance(colours) {
  if (!pen) return 0;
  for (const colour of colours) {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
  }
  const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
