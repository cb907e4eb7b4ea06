/** Definition of the feed element, fetched where there is one: on the inbox page, and in the panel once it is opened. */
export async function defineFeed() {
  const [{ CarillonFeed }, { keepTimes }] = await Promise.all([import("./feed.js"), import("./parts.js")]);
  if (customElements.get("carillon-feed")) return;
  customElements.define("carillon-feed", CarillonFeed);
  keepTimes();
}
