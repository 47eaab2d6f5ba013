// Where a reader was in each view, so that Back leads there: how far it was scrolled, and
// which link had the focus. Each entry of the browser's history has a name of its own.

history.scrollRestoration = "manual";

const places = new Map();
let shown = null, made = 0;

// leave keeps the place in the view that is still shown.
export function leave() {
  if (shown) places.set(shown, { top: scrollY, link: document.activeElement?.getAttribute("href") });
}

// arrive returns the place where the entry that is shown now was left; undefined: it is new.
export function arrive() {
  shown = history.state?.entry;
  if (!shown) {
    shown = `${performance.timeOrigin} ${++made}`;
    history.replaceState({ entry: shown }, "");
  }
  return places.get(shown);
}

// rename changes the address of the entry that is shown, without going anywhere.
export function rename(address) { history.replaceState(history.state, "", address); }

// alike finds what stands in root for an element that was replaced.
export function alike(root, e) {
  const name = (x) => x.getAttribute("href") ?? x.getAttribute("aria-label") ?? x.labels?.[0]?.firstChild.textContent ?? x.textContent;
  return [...root.querySelectorAll(e.tagName)].find((x) => name(x) === name(e));
}
