// A difference: both sides beside each other, and the events around it.

import { h, groupKey, plural, runsText, table } from "./dom.js";
import { get } from "./api.js";
import { clusters, lookAlike } from "./text.js";
import { lines, member } from "./exact.js";

const eventFields = ["task", "lane", "status", "cost_ops", "cost_entropy", "meta"];

// evidence reads the whole event and what its task returned, on both sides. Where that
// cannot be had, the verdict's own excerpts are shown.
export async function evidence(window, d, signal) {
  const side = async (s) => {
    if (!s.event) return null;
    try {
      const t = await get(`windows/${window}/runs/${s.run}/ticks/${d.tick}`, { offset: d.event_index }, { signal });
      return t.events.length ? { event: t.events[0], result: t.results[0] } : null;
    } catch (e) {
      if (e.name === "AbortError") throw e;
      return null;
    }
  };
  const [expected, found] = await Promise.all([side(d.expected), side(d.found)]);
  return { expected, found };
}

// heads names the two sides.
export function heads(d, groups, tie) {
  if (d.heads) return d.heads.map((x) => x.map((part) => part.cloneNode?.(true) ?? part)); // of two windows
  const others = groups?.find((g) => g.runs.includes(d.expected.run))?.runs ?? [d.expected.run];
  const at = (runs) => groups?.findIndex((g) => g.runs.includes(runs[0])) ?? -1;
  const head = (word, runs, letter) => [h("strong", {}, word), " ", letter >= 0 ? [groupKey(letter), " "] : null, runsText(runs)];
  if (d.kind === "latch") return [[h("strong", {}, "accepted"), " the latch"], head("found", d.runs, -1)];
  return [head(tie ? "one side" : "expected", others, at(others)), head(tie ? "the other" : "found", d.runs, at(d.runs))];
}

// sides shows what both sides have at the pointer, with the bytes that differ marked.
export function sides(d, groups, tie) {
  const [a, b] = heads(d, groups, tie);
  const [x, y] = shown(d);
  const [left, right] = x.present && y.present ? marked(x.canonical, y.canonical) : [text(x), text(y)];
  const alike = x.present && y.present && lookAlike(x.canonical, y.canonical);
  return [h("div", { class: "sides" },
    h("div", { class: "side expected" }, h("p", { class: "head" }, a), h("pre", { tabindex: "0", "aria-label": "expected value" }, left)),
    h("div", { class: "side found" }, h("p", { class: "head" }, b), h("pre", { tabindex: "0", "aria-label": "found value" }, right))),
  alike && h("p", { class: "alike" }, alike)];
}

// shown is what the two sides have: of a command's output its lines, values or bytes.
function shown(d) {
  const c = d.content;
  if (!c || c.expected === null && c.found === null) return [d.expected, d.found];
  return [c.expected, c.found].map((text) => ({ present: text !== null, canonical: text ?? "" }));
}

const text = (side) => side.present ? h("mark", {}, side.canonical) : h("em", {}, "nothing here");

// marked wraps what differs of two texts: what is between their common beginning and
// end.
export function marked(a, b) {
  const [x, y] = [clusters(a), clusters(b)]; // half a character is no difference
  let start = 0, end = 0;
  const most = Math.min(x.length, y.length);
  while (start < most && x[start] === y[start]) start++;
  while (end < most - start && x[x.length - 1 - end] === y[y.length - 1 - end]) end++;
  return [x, y].map((c) => {
    const middle = c.slice(start, c.length - end).join("");
    return [excerpt(c.slice(0, start).join(""), true), middle ? h("mark", {}, middle) : h("mark", { class: "none", title: "nothing here" }, "‸"),
      excerpt(c.slice(c.length - end).join(""), false)];
  });
}

const longest = 400;

function excerpt(text, before) {
  if (text.length <= longest) return text;
  return before ? "… " + text.slice(-longest) : text.slice(0, longest) + " …";
}

// fields is the table of the two events, field by field.
export function fields(d, whole, groups, tie) {
  const [a, b] = heads(d, groups, tie);
  const rows = [];
  const pointed = d.pointer.split("/")[1] ?? "";
  for (const name of eventFields) rows.push(row(name, of(d.expected, whole.expected, name), of(d.found, whole.found, name), name === pointed));
  for (const name of ["value", "error"]) {
    const [x, y] = [result(d.expected, whole.expected, name, d), result(d.found, whole.found, name, d)];
    if (x === "null" && y === "null" && name === "error") continue;
    rows.push(row(name, x, y, name === pointed, name === pointed ? d.pointer : ""));
  }
  return table("the whole event", "fields", ["field", a, b], rows);
}

// of is the canonical text of a field of a side's event; undefined: it has no event.
function of(side, whole, name) {
  if (!side.event) return undefined;
  if (whole) return member(whole.event, name);
  const v = side.event[name];
  return typeof v === "object" ? JSON.stringify(v) : typeof v === "string" && !name.startsWith("cost") ? JSON.stringify(v) : String(v);
}

function result(side, whole, name, d) {
  if (!side.event) return undefined;
  if (whole) return member(whole.result, name);
  if (name === "error") return side.error ? JSON.stringify(side.error) : "null";
  return d.pointer === "/value" ? side.canonical : d.pointer.startsWith("/value/") ? `… ${side.canonical} …` : "";
}

function row(name, a, b, pointed, pointer = "") {
  const differs = a !== b;
  const cellsOf = a === undefined || b === undefined ? [whole(a), whole(b)] : values(a, b, differs, pointer);
  return h("tr", { class: `${differs ? "differs" : "same"}${pointed ? " pointed" : ""}` },
    h("th", { scope: "row" }, h("span", { class: "sign", "aria-hidden": "true" }, differs ? "≠ " : ""), name, differs && h("span", { class: "hidden" }, " differs")),
    cellsOf.map((c) => h("td", {}, c)));
}

const whole = (t) => t === undefined ? h("em", {}, "no event") : block(lines(t).map((l) => [l, ""]));

// values shows two texts beside each other, line by line where they are JSON of many.
export function values(a, b, differs, pointer) {
  const [x, y] = [lines(a), lines(b)];
  if (!differs) return [block(x.map((l) => [l, ""])), block(y.map((l) => [l, ""]))];
  if (x.length === 1 && y.length === 1) return marked(x[0].text, y[0].text).map((m) => h("code", {}, m));
  const left = [], right = [];
  for (const [l, r] of align(x, y)) {
    const same = l && r && l.text === r.text;
    const [ml, mr] = l && r && !same ? marked(l.text, r.text) : [l?.text, r?.text];
    const mark = (line) => !same && line && line.pointer === pointer ? " pointed" : "";
    left.push([l && { ...l, text: ml }, same ? "" : l ? "gone" + mark(l) : "none"]);
    right.push([r && { ...r, text: mr }, same ? "" : r ? "new" + mark(r) : "none"]);
  }
  return [block(left), block(right)];
}

function block(list) {
  return h("ol", { class: "lines" }, folded(list).map(([line, kind]) => h("li", { class: kind, style: { "--depth": line?.depth ?? 0 } }, line ? line.text : " ")));
}

// folded leaves out long stretches of lines that are the same.
function folded(list) {
  const near = 4, out = [];
  let hiddenLines = 0;
  const changed = list.map(([, kind]) => kind !== "");
  const any = changed.includes(true);
  list.forEach((item, i) => {
    const keep = any ? changed.slice(Math.max(0, i - near), i + near + 1).includes(true) : i < 40;
    if (!keep) {
      hiddenLines++;
      return;
    }
    if (hiddenLines) out.push([{ text: `… ${plural(hiddenLines, "line")} the same`, depth: 0 }, "fold"]);
    hiddenLines = 0;
    out.push(item);
  });
  if (hiddenLines) out.push([{ text: `… ${plural(hiddenLines, "line")} more`, depth: 0 }, "fold"]);
  return out;
}

// align pairs the lines of two texts: the longest common subsequence, where they are
// not too long for that.
function align(x, y) {
  let start = 0, end = 0;
  while (start < x.length && start < y.length && x[start].text === y[start].text) start++;
  while (end < x.length - start && end < y.length - start && x[x.length - 1 - end].text === y[y.length - 1 - end].text) end++;
  const a = x.slice(start, x.length - end), b = y.slice(start, y.length - end);
  const middle = a.length * b.length > 250_000 ? pairs(a, b) : common(a, b);
  return [...x.slice(0, start).map((l, i) => [l, y[i]]), ...middle, ...x.slice(x.length - end).map((l, i) => [l, y[y.length - end + i]])];
}

const pairs = (a, b) => Array.from({ length: Math.max(a.length, b.length) }, (_, i) => [a[i], b[i]]);

function common(a, b) {
  const longestFrom = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let k = b.length - 1; k >= 0; k--) {
      longestFrom[i][k] = a[i].text === b[k].text ? longestFrom[i + 1][k + 1] + 1 : Math.max(longestFrom[i + 1][k], longestFrom[i][k + 1]);
    }
  }
  const out = [];
  let gone = [], come = [];
  const flush = () => {
    out.push(...pairs(gone, come));
    gone = [];
    come = [];
  };
  let i = 0, k = 0;
  while (i < a.length || k < b.length) {
    if (i < a.length && k < b.length && a[i].text === b[k].text) {
      flush();
      out.push([a[i++], b[k++]]);
    } else if (k >= b.length || i < a.length && longestFrom[i + 1][k] >= longestFrom[i][k + 1]) gone.push(a[i++]);
    else come.push(b[k++]);
  }
  flush();
  return out;
}

// around lists the events before and after the difference, of both sides.
export function around(d, window, groups, tie) {
  const [a, b] = heads(d, groups, tie);
  const tr = (x, y, kind) => h("tr", { class: kind },
    h("th", { scope: "row" }, x?.tick ?? y?.tick ?? ""), h("td", {}, brief(x, kind)), h("td", {}, brief(y, kind)));
  const rows = d.before.map((e) => tr(e, e, "same"));
  rows.push(tr(d.expected.event, d.found.event, "differs here"));
  for (let i = 0; i < Math.max(d.expected.after.length, d.found.after.length); i++) {
    const [x, y] = [d.expected.after[i], d.found.after[i]];
    rows.push(tr(x, y, JSON.stringify(x) === JSON.stringify(y) ? "same" : "differs"));
  }
  return table("events around the difference", "around", ["tick", a, b], rows);
}

export const statusMarks = { ok: "●", skipped_budget: "–", error: "✕", not_computable: "∅" };

export function status(s) {
  return h("span", { class: `status ${s}` }, h("span", { "aria-hidden": "true" }, statusMarks[s] ?? "?"), " ", s.replace("_", " "));
}

function brief(e, kind) {
  if (!e) return h("em", {}, kind.includes("differs") ? "no event" : "the run ends");
  return h("span", { class: "brief" }, h("span", { class: "name" }, e.task), " ", status(e.status), " ",
    h("span", { class: "cost" }, `${e.lane}, ${e.cost_ops} ops`, e.cost_entropy ? `, ${e.cost_entropy} entropy` : ""));
}
