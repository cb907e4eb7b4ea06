// What hypermedia libraries do: a fragment from the server takes the place of a part of the page.
document.addEventListener("click", async (event) => {
  const { swap, with: from } = event.target.dataset ?? {};
  if (!swap) return;
  const text = await (await fetch(from)).text();
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector(swap);
  document.querySelector(swap).replaceWith(document.adoptNode(fresh));
});
