// A tick of a run: its events and what the tasks returned.

import { h, crumbs, plural, section, empty, number, table } from "./dom.js";
import { get } from "./api.js";
import { lines, member, parse } from "./exact.js";
import { status } from "./difference.js";

export async function open(c) {
  const [w, t] = await Promise.all([
    get(`windows/${c.window}`, {}, { exact: true, signal: c.signal }),
    get(`windows/${c.window}/runs/${c.run}/ticks/${c.tick}`, { offset: c.query.get("offset") }, { signal: c.signal }),
  ]);
  c.title(`Window ${c.window}, run ${c.run}, tick ${c.tick}`);
  const base = `#/window/${c.window}`;
  c.up = `${base}/run/${c.run}`;
  const go = (tick, text) => tick >= w.first_tick && tick < w.first_tick + w.ticks ? h("a", { href: `${base}/run/${c.run}/tick/${tick}` }, text) : h("span", { class: "off" }, text);
  const other = w.verdict?.groups[0]?.runs.find((r) => r !== c.run) ?? (c.run === 0 ? 1 : 0);
  c.keys.ArrowLeft = c.keys[","] = () => { if (c.tick > w.first_tick) location.hash = `${base}/run/${c.run}/tick/${c.tick - 1}`; };
  c.keys.ArrowRight = c.keys["."] = () => { if (c.tick + 1 < w.first_tick + w.ticks) location.hash = `${base}/run/${c.run}/tick/${c.tick + 1}`; };
  const differs = w.verdict?.divergence?.tick === c.tick ? w.verdict.divergence : null;
  c.put(
    crumbs(["Windows", "#/"], [w.pipeline, `#/pipeline/${encodeURIComponent(w.pipeline)}`], [`window ${c.window}`, base], [`run ${c.run}`, c.up], [`tick ${c.tick}`]),
    h("header", { class: "run" }, h("h1", {}, `Tick ${number(c.tick)}`, h("span", { class: "of" }, ` of run ${c.run}`)),
      h("p", { class: "links" }, go(c.tick - 1, "‹ tick before"), go(c.tick + 1, "tick after ›"), h("a", { href: `${base}/compare/${other}/${c.run}?tick=${c.tick}` }, `Compare with run ${other}`))),
    t.broken ? h("p", { class: "note" }, h("strong", {}, "The record cannot be read. "), t.broken) : null,
    t.found ? events(t, differs?.runs.includes(c.run) ? differs.event_index : -1) : empty("h2", "Not recorded", h("p", {}, "The run has no such tick yet.")),
    pages(c, t, base),
    section("Digest", t.digest ? h("dl", { class: "facts" }, [["trace", h("code", { class: "long" }, t.digest.trace_sha256)], ["result", h("code", { class: "long" }, t.digest.result_sha256)],
      ["forecast", h("code", { class: "long" }, t.digest.forecast_sha256)], ["on ERS_TRACE", `sequence ${t.seqs.join(", ")}`]].map(([k, x]) => [h("dt", {}, k), h("dd", {}, x)])) : h("p", {}, "Not hashed yet.")));
}

function events(t, odd) {
  return section("Events", table("events of the tick", "events", [h("span", { class: "hidden" }, "index"), "task", "lane", "status", "ops", "entropy", "returned"],
    t.events.map((text, i) => eventRow(t.offset + i, text, t.results[i], t.offset + i === odd))));
}

function eventRow(index, event, result, odd) {
  let e;
  try {
    e = parse(event);
  } catch { // cut off
    return h("tr", {}, h("th", { scope: "row" }, index), h("td", { colspan: "6" }, h("code", {}, event.slice(0, 500))));
  }
  return h("tr", { class: odd ? "differs" : "" },
    h("th", { scope: "row" }, odd ? h("span", { class: "sign" }, "≠ ") : null, index), h("td", { class: "name" }, e.task), h("td", {}, e.lane), h("td", {}, status(e.status)),
    h("td", { class: "number" }, e.cost_ops), h("td", { class: "number" }, e.cost_entropy), h("td", {}, value(result)));
}

// value shows what a task returned: short in place, long behind a fold.
export function value(result) {
  const error = member(result, "error"), text = member(result, "value") || result;
  if (error && error !== "null") return h("code", { class: "error" }, error);
  const all = lines(text, 60);
  if (all.length === 1) return h("code", {}, all[0].text);
  return h("details", {}, h("summary", {}, h("code", {}, text.slice(0, 60), "…"), h("span", { class: "count" }, ` ${plural(all.length, "line")}`)),
    h("ol", { class: "lines" }, all.slice(0, 500).map((l) => h("li", { style: { "--depth": l.depth } }, l.text))),
    all.length > 500 ? h("p", { class: "hint" }, `and ${plural(all.length - 500, "more line")}: use ers replay`) : null);
}

function pages(c, t, base) {
  if (t.total <= t.events.length) return null;
  const at = (offset, text) => offset >= 0 && offset < t.total ? h("a", { href: `${base}/run/${c.run}/tick/${c.tick}?offset=${offset}` }, text) : h("span", { class: "off" }, text);
  return h("p", { class: "links" }, `events ${t.offset} to ${t.offset + t.events.length - 1} of ${t.total}`, at(t.offset - 500, "‹ before"), at(t.offset + 500, "after ›"));
}
