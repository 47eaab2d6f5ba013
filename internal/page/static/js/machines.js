// On which machines the runs of a window were made, where it compares them.

import { h, runsText, section, table } from "./dom.js";

// machines is the table of them, with what the difference follows.
export function machines(w) {
  const list = w.verdict?.machines;
  if (!list) return null;
  return section("On which machines", w.machines ? h("p", { class: "note follows" }, w.machines) : null,
    table("on which machines", "machines", ["runs", "machine", "kernel", "host", "build"],
      list.map((m) => h("tr", {},
        h("th", { scope: "row" }, runsText(m.runs)),
        [`${m.system}/${m.architecture}`, m.kernel, m.host, m.build].map((text) => h("td", { class: "text" }, text))))));
}
