// Tasks by name, and the windows that have them; windows by number.

import { $, h, crumbs, plural, states, empty } from "./dom.js";
import { get } from "./api.js";
import { row } from "./list.js";

export async function open(c) {
  const text = c.query.get("q") ?? "";
  $("#q").value = text;
  c.title(`Search: ${text}`);
  const found = await get("search", { q: text }, { signal: c.signal });
  const where = crumbs(["Windows", "#/"], ["search"]);
  if (!text.trim()) return c.put(where, empty("h1", "Search", h("p", {}, "Type a part of the name of a task or of a pipeline, or the number of a window.")));
  const numbered = found.window ? h("ol", { class: "windows", "aria-label": "The window with this number" }, row(found.window)) : null;
  if (numbered && found.tasks.length === 0) return c.put(where, h("h1", {}, `Window ${found.window.window}`), numbered);
  if (found.tasks.length === 0) {
    return c.put(where, empty("h1", `Nothing has “${text}” in its name`, h("p", {}, "Tasks are known from the first tick of the windows in the list. Windows are found by their number.")));
  }
  c.put(where, numbered, h("h1", {}, `${plural(found.tasks.length, "task")} with “${text}” in the name`),
    h("ul", { class: "found" }, found.tasks.map(task)),
    found.more ? h("p", { class: "hint" }, "There are more. Type more of the name.") : null);
}

function task(t) {
  return h("li", {},
    h("h2", {}, t.task, h("span", { class: "of" }, " in ", h("a", { href: `#/pipeline/${encodeURIComponent(t.pipeline)}` }, t.pipeline))),
    h("p", {}, t.failures === 0 ? `Never the first to differ in ${plural(t.count, "window")}.` : `The first to differ in ${t.failures} of ${plural(t.count, "window")}.`),
    t.failed.length ? h("ul", { class: "failed" }, t.failed.map((w) => h("li", {}, h("a", { href: `#/window/${w.window}/failure` }, `window ${w.window}`), ` ${w.headline}`))) : null,
    h("p", { class: "trail" }, "windows ", t.windows.map((w) => [h("a", { href: `#/window/${w.window}`, title: w.headline || w.state, class: w.state },
      h("span", { class: `mark ${w.state}`, "aria-hidden": "true" }, states[w.state]?.mark), " ", w.window, h("span", { class: "hidden" }, ` ${w.state}`)), " "])));
}
