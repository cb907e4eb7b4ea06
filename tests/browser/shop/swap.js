// What hypermedia libraries do: a fragment from the server takes the place of a part of the page.
document.addEventListener("click", async (event) => {
  const { swap, with: from } = event.target.dataset ?? {};
  if (!swap) return;
  const text = await (await fetch(from)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(swap);
  document.querySelector(swap).replaceWith(document.adoptNode(fresh));
  setTimeout(boost, 100);
});

// And, as htmx does with hx-boost: links that are there once the swap has settled are followed by a script.
function boost() {
  for (const link of document.querySelectorAll("a[href]")) {
    if (link.closest("[hx-boost], [data-hx-boost]")?.matches("[hx-boost=false], [data-hx-boost=false]")) continue;
    link.addEventListener("click", () => (location.href = link.href));
  }
}
