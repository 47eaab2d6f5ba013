// A window: its verdict, its runs × ticks, its groups.

import { h, badge, copyButton, crumbs, groupKey, hash, letter, number, plural, runsText, section, table } from "./dom.js";
import { get, words } from "./api.js";
import { progress } from "./list.js";
import { cells } from "./cells.js";
import { Grid } from "./grid.js";
import { lanes } from "./lanes.js";
import { times } from "./time.js";
import { sides } from "./difference.js";
import { interference, without } from "./shadow.js";
import { machines } from "./machines.js";
import { around, suspects, suspectsIn, variations, variedIn } from "./vary.js";

export async function open(c) {
  const w = await get(`windows/${c.window}`, {}, { exact: true, signal: c.signal });
  const v = w.verdict, d = v?.divergence;
  c.title(`Window ${c.window}: ${w.state}`);
  c.up = `#/pipeline/${encodeURIComponent(w.pipeline)}`;
  if (d) c.keys.f = () => { location.hash = `#/window/${c.window}/failure`; };
  const picture = new Grid(c, gridOptions(c, w));
  const detail = picture.detail = h("div", { class: "chosen", "aria-live": "polite" }, h("p", { class: "hint" }, "Choose a cell to see its digest, or use the arrow keys."));
  const going = h("div", { class: "going" });
  const below = h("div", { class: "lanes" });
  picture.put = (...x) => detail.replaceChildren(...x);
  c.put(
    crumbs(["Windows", "#/"], [w.pipeline, c.up], [`window ${c.window}`]),
    h("header", { class: `verdict ${w.state}` }, h("h1", {}, badge(w.state, true, v?.empty), h("span", { class: "hidden" }, ` window ${c.window}: `)),
      h("p", { class: "headline" }, v ? w.headline : `${plural(w.runs, "run")} of ${plural(w.ticks, "tick")} under way`), going, h("p", { class: "times" }, times(w))),
    h("p", { class: "links download" }, "Download ", w.downloads.map((f) => h("a", { href: `/api/windows/${c.window}/download/${f}`, download: "" }, f))),
    d ? first(c, w, v, d) : null,
    v?.problems ? problems(v.problems, c) : null,
    section("Runs and ticks", picture.element, legend(w), detail),
    variations(w),
    machines(w),
    v ? groups(w, v, c) : null,
    below,
    facts(w, v),
  );
  if (v) whenSeen(c, below, () => tasks(c, w, below));
  if (!v) going.replaceChildren(progress(w.done, w.runs * w.ticks));
  c.on.open = () => { if (!v) open(c).catch(() => {}); };
  c.on.window = (now) => {
    if (now.window !== c.window) return;
    if (now.state !== w.state) return open(c).catch(() => {});
    going.replaceChildren(progress(now.done, w.runs * w.ticks));
    picture.refresh();
  };
}

// whenSeen does something once a part of the page comes into sight: what costs much is not
// read for who does not look.
function whenSeen(c, part, does) {
  const seen = new IntersectionObserver((list) => {
    if (!list.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    does();
  });
  seen.observe(part);
  c.signal.addEventListener("abort", () => seen.disconnect());
}

// tasks draws the lanes and tasks of one run of the largest group.
async function tasks(c, w, place) {
  const run = w.verdict.groups[0]?.runs[0] ?? 0, first = w.first_tick, end = first + w.ticks;
  const title = `Lanes and tasks of run ${run}`;
  try {
    const look = await get(`windows/${c.window}/runs/${run}`, { from: first, to: Math.min(end, first + 50) }, { signal: c.signal });
    if (look.tasks.length === 0) return;
    const counts = h("div", { class: "about" });
    const picture = lanes(c, { window: c.window, run, first, end }, look, { beside: true, loaded: (data) => counts.replaceChildren(countsOf(data)) });
    place.replaceChildren(section(title, ...picture.parts, counts));
  } catch (e) {
    if (!c.signal.aborted) place.replaceChildren(section(title, h("p", { class: "note" }, words(e))));
  }
}

// countsOf says in how many of the ticks that are shown each task was what.
function countsOf(data) {
  return table("what each task was", "counts", ["task", "lane", ...["ok", "skipped", "error", "not computable"].map((t) => h("th", { scope: "col", class: "number" }, t))],
    data.tasks.map((t) => h("tr", {}, h("th", { scope: "row", class: "name" }, t.name), h("td", {}, t.lane), t.counts.map((n) => h("td", { class: "number" }, number(n))))));
}

function gridOptions(c, w) {
  const judged = Boolean(w.verdict), outliers = new Set(w.verdict?.outliers ?? []);
  return {
    label: `digests of window ${c.window}: runs by ticks`,
    rows: { count: w.runs, name: (i) => `run ${i}`, odd: (i) => outliers.has(i), note: (i) => suspectsIn(w, i).join(", "), hint: (i) => w.variations ? `varied: ${variedIn(w, i).join(", ") || "nothing"}` : "" },
    gutter: w.suspects?.names?.length ? 170 : undefined,
    first: w.first_tick, end: w.first_tick + w.ticks,
    differing: (cell) => cell.kind === "group" && cell.index > 0,
    open: (run, tick) => { location.hash = `#/window/${c.window}/run/${run}/tick/${tick}`; },
    openRow: (run) => { location.hash = `#/window/${c.window}/run/${run}`; },
    async load(span, signal) {
      const g = await get(`windows/${c.window}/grid`, span, { signal });
      const rowOf = [];
      for (const row of g.rows) {
        row.classes = cells(row.cells, g.columns);
        for (const run of row.runs) rowOf[run] = row;
      }
      const byResult = resultsTell(g);
      return { ...g, cell: (run, column) => cellOf(rowOf[run], column, judged, byResult[column]) };
    },
    chosen(run, at, cell) { this.put(...chosen(c, w, run, at, cell)); },
  };
}

// resultsTell tells of each column whether its traces are all the same and only the
// results differ: then their digests are what to show.
function resultsTell(g) {
  const several = (name, column) => new Set(g.rows.map((r) => r[name]?.[column]).filter(Boolean)).size > 1;
  return Array.from({ length: g.columns }, (_, column) => !several("trace", column) && several("result", column));
}

function cellOf(row, column, judged, byResult) {
  const index = row.classes[column];
  if (index === -1) return { kind: "nothing", text: "not hashed yet" };
  if (index < -1) return { kind: "unread", text: "not compared here: too many runs differ. Zoom in." };
  const [trace, result] = [row.trace?.[column], row.result?.[column]];
  return {
    kind: "group", index, trace, result, digest: trace && (byResult ? "r " + result.slice(0, 6) : trace.slice(0, 6)),
    text: index === 0 ? (judged ? "group A" : "the same in all runs so far") : `group ${letter(index)}, differs from A`,
  };
}

function chosen(c, w, run, at, cell) {
  const one = at.to - at.from === 1, base = `#/window/${c.window}`;
  const other = w.verdict?.groups[0]?.runs.find((r) => r !== run) ?? (run === 0 ? 1 : 0);
  return [
    h("p", { class: "what" }, cell.kind === "group" ? [groupKey(cell.index), " "] : null,
      h("strong", {}, `run ${run}, ${one ? `tick ${number(at.from)}` : `ticks ${number(at.from)} to ${number(at.to - 1)}`}`), ` ${cell.text}`),
    cell.trace ? h("dl", { class: "digests" }, h("dt", {}, "trace"), h("dd", {}, h("code", {}, cell.trace)), h("dt", {}, "result"), h("dd", {}, h("code", {}, cell.result))) : null,
    around(w, run),
    h("p", { class: "links" },
      one ? h("a", { href: `${base}/run/${run}/tick/${at.from}` }, "Events of this tick") : h("span", {}, "Enter zooms in"),
      h("a", { href: `${base}/run/${run}` }, `Run ${run}`),
      h("a", { href: `${base}/compare/${other}/${run}${one ? `?tick=${at.from}` : ""}` }, `Compare with run ${other}`)),
  ].filter(Boolean);
}

function legend(w) {
  const n = Math.max(1, Math.min(8, w.verdict?.groups.length ?? 1));
  return h("p", { class: "legend" }, "The same letter in a column: equal to the byte. Digits: the trace digest begins so, after r the result digest. ",
    w.suspects?.names?.length ? "After a run's name: what can be behind the difference and is varied in it. " : null,
    n > 1 ? [groupKey(0), " the largest group, ", Array.from({ length: n - 1 }, (_, i) => [groupKey(i + 1), " "]), " not equal to it"] : null,
    w.verdict ? null : [h("span", { class: "dash", "aria-hidden": "true" }), " not hashed yet"]);
}

function first(c, w, v, d) {
  return section("First difference",
    h("p", { class: "place" }, h("span", { class: "kind" }, d.kind), d.task ? h("strong", {}, d.task) : null,
      d.kind !== "latch" ? [` tick ${d.tick}, event ${d.event_index}`, w.place ? [" ", h("code", {}, w.place)] : null] : null),
    sides(d, v.groups, v.tie), interference(w), suspects(w),
    h("p", { class: "links" }, h("a", { class: "button", href: `#/window/${c.window}/failure` }, "See the whole difference"),
      w.passed ? h("a", { href: `#/window/${c.window}/against/${w.passed}` }, `Compare with window ${w.passed}, the last that passed`) : null,
      v.groups.length > 1 ? h("a", { href: `#/window/${c.window}/compare/${d.expected.run}/${d.found.run}` }, `Compare runs ${d.expected.run} and ${d.found.run} tick by tick`) : null));
}

export function problems(list, c) {
  const byReason = Map.groupBy(list, (p) => p.reason);
  return section("Why it could not be judged", h("ul", { class: "problems" }, [...byReason].map(([reason, some]) => h("li", {},
    h("p", {}, reason),
    h("p", { class: "where" }, runsText(some.map((p) => p.run)), some[0].seq ? `, ${some[0].stream} sequence ${some[0].seq}` : `, ${some[0].stream}`, " ",
      h("a", { href: `#/window/${c.window}/run/${some[0].run}` }, `look at run ${some[0].run}`))))));
}

function groups(w, v, c) {
  const equal = (g) => v.outliers.includes(g.runs[0]) ? "not looked up" : "its forecast lane is equal to that of A";
  if (v.groups.length === 0) return null;
  return section("Groups of equal runs", table("groups of equal runs", "groups", ["group", "runs", "trace", "result", "first difference"],
    v.groups.slice(0, 50).map((g, i) => h("tr", {},
      h("th", { scope: "row" }, groupKey(i)),
      h("td", {}, runsText(g.runs), h("span", { class: "count" }, ` ${g.runs.length} of ${v.runs}`, without(w, g.runs[0]) && `, ${without(w, g.runs[0])}`)),
      h("td", {}, hash(g.hash)), h("td", {}, hash(g.result_hash)),
      h("td", { class: "text" }, g.differs ? h("a", { href: `#/window/${c.window}/compare/${v.groups[0].runs[0]}/${g.runs[0]}` }, `tick ${g.differs.tick}: ${g.differs.task} ${g.differs.pointer || g.differs.kind}`)
        : i === 0 ? (v.groups.length > 1 ? "the others are compared with this one" : g.runs.length === v.runs ? "all runs are equal" : "all that could be judged are equal") : equal(g))))),
    v.groups.length > 50 ? h("p", {}, `and ${v.groups.length - 50} more`) : null);
}

function facts(w, v) {
  const r = w.request, ticks = r.ticks === 1 ? `tick ${r.first_tick}` : `ticks ${number(r.first_tick)} to ${number(r.first_tick + r.ticks - 1)}`;
  const lane = (b) => `${number(b.ops)} ops, ${number(b.entropy)} entropy`;
  const list = [
    ["compared", `${plural(r.runs, "run")}, ${ticks}`],
    ["definition", h("code", { class: "long" }, r.definition_sha256)],
    ["contexts", h("code", { class: "long" }, r.contexts_sha256)],
    v && v.outcome === "pass" ? ["trace hash", h("code", { class: "long" }, v.expected_hash)] : null,
    v?.excludes ? ["excludes", `a difference that shows in 1 of ${v.excludes.one_in} runs would have been seen with ${v.excludes.percent} %`] : null,
    r.latch ? ["latch", h("code", { class: "long" }, r.latch)] : null,
    ["budget a tick", `${r.budget_name ? r.budget_name + ": " : ""}forecast ${lane(r.budget.forecast)}; shadow ${lane(r.budget.shadow)}`],
    r.drill ? ["drill", `${r.drill.kind} of ${r.drill.task} in run ${r.drill.run} at tick ${r.drill.tick}, made on purpose`] : null,
    r.probe ? ["probe", `of window ${r.probe.window}: ${r.probe.question}`] : null,
    v ? ["verdict", `ERS_VERDICT sequence ${w.verdict_seq}, from digests up to sequence ${v.digest_seq}`] : null,
  ].filter(Boolean);
  return section("Record", h("dl", { class: "facts" }, list.map(([t, d]) => [h("dt", {}, t), h("dd", {}, d)])),
    v ? command(w.command, v.outcome === "pass" ? "Asked for by" : "To see it again") : null,
    w.report ? h("details", {}, h("summary", {}, "Report as text"), h("pre", { class: "report", tabindex: "0" }, w.report), copyButton(w.report, "the report")) : null);
}

export function command(text, label) {
  return h("div", { class: "command" }, h("span", { class: "label" }, label), h("pre", { tabindex: "0", "aria-label": "command" }, text), copyButton(text, "the command"));
}
