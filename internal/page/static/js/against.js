// A window held against another one: what was asked for in both, and where their ticks part.

import { h, badge, crumbs, groupKey, number, plural, runsText, section, table } from "./dom.js";
import { get } from "./api.js";
import { around, sides, values } from "./difference.js";

export async function open(c) {
  const [w, data] = await Promise.all([
    get(`windows/${c.window}`, {}, { exact: true, signal: c.signal }),
    get(`windows/${c.window}/against/${c.other}`, {}, { exact: true, signal: c.signal }),
  ]);
  c.title(`Window ${c.window} against window ${c.other}`);
  c.up = `#/window/${c.window}`;
  const line = (s) => h("p", {}, badge(s.state), " ", h("a", { href: `#/window/${s.window}` }, `Window ${s.window}`), s.headline ? `: ${s.headline}` : "");
  c.put(
    crumbs(["Windows", "#/"], [w.pipeline, `#/pipeline/${encodeURIComponent(w.pipeline)}`], [`window ${c.window}`, c.up], [`against window ${c.other}`]),
    h("header", { class: "run" }, h("h1", {}, `Window ${c.window} against window ${c.other}`), line(data.other), line(data.window)),
    section("What they came to", groups(c, w, data)),
    difference(c, data),
    section("What was asked for", asked(c, data)),
    data.texts.map((t) => section(`What changed in the ${t.name}`, changed(c, t))));
}

// groups says which groups of the window are equal to what the other one came to.
function groups(c, w, data) {
  const all = w.verdict?.groups ?? [];
  if (all.length === 0) return h("p", {}, "There are no sealed runs to compare.");
  return h("ul", {}, all.slice(0, 8).map((g, i) => h("li", {}, groupKey(i), ` ${runsText(g.runs)}: `,
    data.equal.includes(i) ? `equal to window ${c.other} to the byte` : `not equal to window ${c.other}`)), all.length > 8 ? h("li", {}, `and ${plural(all.length - 8, "more group")}`) : null);
}

function difference(c, data) {
  const t = data.ticks;
  if (!t) return section("Tick by tick", h("p", {}, "They have no ticks in common."));
  const [a, b] = data.runs, what = `Run ${a} of window ${c.other} and run ${b} of window ${c.window}`;
  if (t.first === null) return section("Tick by tick", h("p", { class: "note good" }, `${what} are equal to the byte in ${plural(t.compared, "tick")}.`));
  const parts = [h("p", {}, `${what}: ${plural(t.differ, "tick")} of ${number(t.compared)} ${t.differ === 1 ? "differs" : "differ"}, the first is tick ${number(t.first)}.`)];
  const d = t.divergence;
  if (d) {
    d.heads = [[h("strong", {}, `window ${c.other}`), `, run ${a}`], [h("strong", {}, `window ${c.window}`), `, run ${b}`]];
    parts.push(h("p", { class: "place" }, h("span", { class: "kind" }, d.kind), h("strong", {}, d.task), ` tick ${d.tick}, event ${d.event_index} `, t.place ? h("code", {}, t.place) : null),
      sides(d, null, false), around(d, c.window, null, false));
  } else if (t.problem) parts.push(h("p", { class: "note" }, t.problem));
  parts.push(h("p", { class: "links" }, [[c.other, a], [c.window, b]].map(([window, run]) => h("a", { href: `#/window/${window}/run/${run}/tick/${t.first}` }, `Tick ${t.first} in window ${window}`))));
  return section("First difference", ...parts);
}

function asked(c, data) {
  return table("what was asked for", "fields", ["", `window ${c.other}`, `window ${c.window}`], data.facts.map((f) => h("tr", { class: f.other === f.this ? "same" : "differs" },
    h("th", { scope: "row" }, h("span", { class: "sign", "aria-hidden": "true" }, f.other === f.this ? "" : "≠ "), f.name, f.other === f.this ? null : h("span", { class: "hidden" }, " differs")),
    h("td", { class: "text" }, f.other), h("td", { class: "text" }, f.this))));
}

function changed(c, t) {
  return table(`what changed in the ${t.name}`, "fields", ["", `window ${c.other}`, `window ${c.window}`],
    [h("tr", { class: "differs" }, h("th", { scope: "row" }, t.name), values(t.other, t.this, true, "").map((x) => h("td", {}, x)))]);
}
