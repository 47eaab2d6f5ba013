// A run: its lanes over time, what they spent, and what went wrong.

import { h, crumbs, hash, number, plural, section, empty, table } from "./dom.js";
import { get } from "./api.js";
import { lanes } from "./lanes.js";
import { status } from "./difference.js";

export async function open(c) {
  const w = await get(`windows/${c.window}`, {}, { exact: true, signal: c.signal });
  const first = w.first_tick, end = first + w.ticks;
  // A look at few columns tells the tasks; the grid asks for as many as it has room for.
  const look = await get(`windows/${c.window}/runs/${c.run}`, { from: first, to: Math.min(end, first + 50) }, { signal: c.signal });
  c.title(`Window ${c.window}, run ${c.run}`);
  c.up = `#/window/${c.window}`;
  const where = crumbs(["Windows", "#/"], [w.pipeline, `#/pipeline/${encodeURIComponent(w.pipeline)}`], [`window ${c.window}`, c.up], [`run ${c.run}`]);
  const head = header(c, w, look);
  if (look.tasks.length === 0) {
    c.put(where, head, empty("h2", "No ticks are recorded", h("p", {}, look.abandoned ? `The coordinator gave the run up: ${look.abandoned}` : look.broken || "The run has not begun yet.")));
    c.on.window = (now) => { if (now.window === c.window) open(c).catch(() => {}); };
    return;
  }
  const about = h("div", { class: "about" });
  const picture = lanes(c, { window: c.window, run: c.run, first, end }, look, { loaded: (data) => about.replaceChildren(...report(c, data)) });
  c.put(where, head, section("Lanes and tasks", ...picture.parts), about);
  c.on.window = (now) => { if (now.window === c.window && now.state !== w.state) picture.grid.refresh(); };
}

function header(c, w, look) {
  const d = look.digest;
  const group = w.verdict?.groups.findIndex((g) => g.runs.includes(c.run)) ?? -1;
  const go = (run, text) => run >= 0 && run < w.runs ? h("a", { href: `#/window/${c.window}/run/${run}` }, text) : h("span", { class: "off" }, text);
  return h("header", { class: "run" },
    h("h1", {}, `Run ${c.run}`, h("span", { class: "of" }, ` of ${w.runs}`)),
    h("p", {}, group === 0 ? "In the largest group: equal to the byte with " + plural(w.verdict.groups[0].runs.length - 1, "other run") + "."
      : group > 0 ? "Differs from the largest group." : w.verdict ? "Could not be judged." : "Not judged yet."),
    d ? h("dl", { class: "facts" }, [["hashed", `${number(d.done)} of ${plural(w.ticks, "tick")}, ${plural(d.events, "event")}${d.final && !d.problem ? ", sealed" : ""}`],
      ["trace", hash(d.trace_sha256, 64)], ["result", hash(d.result_sha256, 64)],
      d.problem ? ["problem", d.problem.reason] : null].filter(Boolean).map(([t, x]) => [h("dt", {}, t), h("dd", {}, x)])) : null,
    h("p", { class: "links" }, go(c.run - 1, "‹ run before"), go(c.run + 1, "run after ›"),
      h("a", { href: `#/window/${c.window}/compare/${group > 0 || c.run !== 0 ? w.verdict?.groups[0]?.runs.find((r) => r !== c.run) ?? 0 : 1}/${c.run}` }, "Compare with another run")));
}

function report(c, data) {
  const parts = [];
  if (data.abandoned) parts.push(h("p", { class: "note" }, h("strong", {}, "Given up. "), data.abandoned));
  if (data.broken) parts.push(h("p", { class: "note" }, h("strong", {}, "The record cannot be read further. "), data.broken));
  if (data.more_tasks) parts.push(h("p", { class: "note" }, `${plural(data.more_tasks, "more task")} without a row here.`));
  const counts = Object.entries(data.counts);
  parts.push(section("Errors and skips",
    h("p", {}, plural(data.ticks, "tick"), " recorded here: ", counts.map(([s, n], i) => [i > 0 ? ", " : "", number(n), " ", status(s)])),
    data.notable.length === 0 ? h("p", { class: "hint" }, "Every task ran and returned a value.") : table("errors and skips", "notable", ["task", "status", "times", "ticks", "error"], data.notable.map((e) => h("tr", {},
      h("th", { scope: "row", class: "name" }, e.task), h("td", {}, status(e.status)), h("td", {}, number(e.count)),
      h("td", {}, tick(c, e.first), e.last > e.first ? [" to ", tick(c, e.last)] : null), h("td", { class: "text" }, e.error ?? "")))),
    data.notable.length >= 100 ? h("p", { class: "hint" }, "The first 100 kinds are listed. Zoom in for others.") : null));
  return parts;
}

const tick = (c, n) => h("a", { href: `#/window/${c.window}/run/${c.run}/tick/${n}` }, number(n));
