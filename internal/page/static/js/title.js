// The title of the page. That of a tab that nobody looks at tells of windows that fail
// meanwhile. Such a tab is not connected, see api.js: it looks now and then.

import { get } from "./api.js";
import { visible } from "./text.js";

const every = 10_000; // ms
let base = "ERS", known = null, failed = 0, timer = 0;

export function title(text) {
  base = `${text} · ERS`;
  show();
}

const show = () => { document.title = visible(failed ? `✕ ${failed} failed · ${base}` : base); };

async function look() {
  try {
    const { ready, windows } = await get("windows", { state: "fail", drill: "no", limit: 100, pipelines: 0 });
    if (!ready || !document.hidden) return;
    const now = windows.map((w) => w.window);
    if (known) failed += now.filter((w) => !known.has(w)).length;
    known = new Set([...known ?? [], ...now]);
    show();
  } catch { /* the next look will tell */ }
}

document.addEventListener("visibilitychange", () => {
  clearInterval(timer);
  if (document.hidden) {
    look();
    timer = setInterval(look, every);
    return;
  }
  known = null;
  failed = 0;
  show();
});
