// Two runs of a window beside each other: where they differ, and each tick of both.

import { h, crumbs, number, plural, section, table } from "./dom.js";
import { get, words } from "./api.js";
import { Grid, cells } from "./grid.js";
import { around, evidence, sides, status } from "./difference.js";
import { value } from "./tick.js";
import { parse } from "./exact.js";

export async function open(c) {
  const w = await get(`windows/${c.window}`, {}, { exact: true, signal: c.signal });
  c.title(`Window ${c.window}: runs ${c.a} and ${c.b}`);
  c.up = `#/window/${c.window}`;
  const told = h("div", { class: "about" }, h("p", { class: "loading", role: "status" }, "Comparing"));
  const both = h("div", { class: "about" });
  let shown = null, explained = false;

  async function showTick(tick) {
    if (tick === shown) return;
    shown = tick;
    c.set({ tick });
    const [a, b] = await Promise.all([c.a, c.b].map((run) => get(`windows/${c.window}/runs/${run}/ticks/${tick}`, {}, { signal: c.signal })));
    if (shown === tick) both.replaceChildren(beside(c, tick, a, b));
  }
  const show = (tick) => showTick(tick).catch((e) => { if (e.name !== "AbortError") both.replaceChildren(h("p", { role: "alert" }, words(e))); });

  const picture = new Grid(c, {
    label: `runs ${c.a} and ${c.b}: ticks that differ`,
    rows: { count: 1, name: () => `${c.a} and ${c.b}` },
    first: w.first_tick, end: w.first_tick + w.ticks,
    differing: (cell) => cell.kind === "group" && cell.index > 0,
    open: (_, tick) => show(tick),
    async load(span, signal) {
      const data = await get(`windows/${c.window}/compare`, { a: c.a, b: c.b, ...span }, { exact: true, signal });
      if (!explained) {
        explained = true;
        told.replaceChildren(...explain(c, w, data, signal));
        const tick = c.query.has("tick") ? Number(c.query.get("tick")) : data.first;
        if (tick !== null) show(tick);
      }
      const counts = cells(data.cells, data.columns);
      return { ...data, cell: (_, column) => cellOf(counts[column], data.step) };
    },
    chosen(_, at) { if (at.to - at.from === 1) show(at.from); },
  });
  c.put(
    crumbs(["Windows", "#/"], [w.pipeline, `#/pipeline/${encodeURIComponent(w.pipeline)}`], [`window ${c.window}`, c.up], ["compare"]),
    h("header", { class: "run" }, h("h1", {}, `Runs ${c.a} and ${c.b}`), choose(c, w)),
    section("Tick by tick", picture.element),
    told, both);
}

function cellOf(n, step) {
  if (n === -1) return { kind: "nothing", text: "not hashed yet" };
  if (n === 0) return { kind: "group", index: 0, text: "equal to the byte" };
  return { kind: "group", index: 1, text: step === 1 ? "differ" : `${plural(n, "tick")} differ` };
}

function choose(c, w) {
  const select = (label, value, go) => h("label", {}, label, " ", h("select", { onchange: (e) => { location.hash = go(Number(e.target.value)); } },
    Array.from({ length: w.runs }, (_, run) => h("option", { value: run, selected: run === value }, `run ${run}${w.verdict?.outliers.includes(run) ? " (differs)" : ""}`))));
  return h("p", { class: "choose" },
    select("compare", c.a, (run) => `#/window/${c.window}/compare/${run}/${c.b}`), select("with", c.b, (run) => `#/window/${c.window}/compare/${c.a}/${run}`));
}

function explain(c, w, data, signal) {
  if (data.first === null) {
    return [h("p", { class: "note good" }, data.compared === w.ticks ? `All ${plural(w.ticks, "tick")} are equal to the byte.` : `${plural(data.compared, "tick")} are hashed in both runs, and equal to the byte.`)];
  }
  const d = data.divergence;
  const parts = [h("p", {}, `${plural(data.differ, "tick")} of ${number(data.compared)} compared ${data.differ === 1 ? "differs" : "differ"}, the first is tick ${number(data.first)}.`)];
  if (!d) return [...parts, data.problem ? h("p", { class: "note" }, data.problem) : null].filter(Boolean);
  const pair = [{ runs: [c.a] }, { runs: [c.b] }];
  return [...parts, section("First difference", h("p", { class: "headline" }, data.headline),
    h("p", { class: "place" }, h("span", { class: "kind" }, d.kind), h("strong", {}, d.task), ` tick ${d.tick}, event ${d.event_index} `, data.place ? h("code", {}, data.place) : null),
    sides(d, pair, false), around(d, c.window, pair, false))];
}

// beside shows the events of one tick in both runs, index by index.
function beside(c, tick, a, b) {
  const count = Math.max(a.events.length, b.events.length), rows = [];
  for (let i = 0; i < count; i++) {
    const differs = a.events[i] !== b.events[i] || a.results[i] !== b.results[i];
    rows.push(h("tr", { class: differs ? "differs" : "same" },
      h("th", { scope: "row" }, h("span", { class: "sign", "aria-hidden": "true" }, differs ? "≠ " : ""), i, differs ? h("span", { class: "hidden" }, " differs") : null),
      h("td", {}, cell(a, i)), h("td", {}, cell(b, i))));
  }
  return section(`Tick ${number(tick)}`, a.found && b.found ? null : h("p", { class: "note" }, "The tick is not recorded in both runs."),
    count ? table("events of both runs", "around", ["event", ...[c.a, c.b].map((run) => h("a", { href: `#/window/${c.window}/run/${run}/tick/${tick}` }, `run ${run}`))], rows) : null);
}

function cell(t, i) {
  if (t.events[i] === undefined) return h("em", {}, "no event");
  try {
    const e = parse(t.events[i]);
    return [h("span", { class: "brief" }, h("span", { class: "name" }, e.task), " ", status(e.status), " ", h("span", { class: "cost" }, `${e.lane}, ${e.cost_ops} ops, ${e.cost_entropy} entropy`)), value(t.results[i])];
  } catch {
    return h("code", {}, t.events[i].slice(0, 500));
  }
}
