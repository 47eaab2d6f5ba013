// A failure: what differs first, on both sides, and what was around it.

import { h, badge, crumbs, number, plural, runsText, section } from "./dom.js";
import { get } from "./api.js";
import { around, evidence, fields, sides } from "./difference.js";
import { command, problems } from "./window.js";
import { interference } from "./shadow.js";
import { machines } from "./machines.js";
import { suspects, variations } from "./vary.js";

export async function open(c) {
  const w = await get(`windows/${c.window}`, {}, { exact: true, signal: c.signal });
  const v = w.verdict, d = v?.divergence;
  const about = d ? "first difference" : w.state === "pass" ? "no difference" : w.state === "running" ? "no verdict yet" : "not judged";
  c.title(`Window ${c.window}: ${about}`);
  c.up = `#/window/${c.window}`;
  c.on.open = () => { if (!v) open(c).catch(() => {}); };
  c.on.window = (now) => { if (now.window === c.window && now.state !== w.state) open(c).catch(() => {}); };
  const where = crumbs(["Windows", "#/"], [w.pipeline, `#/pipeline/${encodeURIComponent(w.pipeline)}`], [`window ${c.window}`, c.up], [about]);
  if (!d) {
    return c.put(where, ...noDifference(c, w, about));
  }
  const whole = d.kind === "latch" ? null : await evidence(c.window, d, c.signal);
  c.put(where,
    h("header", { class: "verdict fail" }, h("h1", {}, badge("fail", true), h("span", { class: "hidden" }, ` window ${c.window}: first difference`)), h("p", { class: "headline" }, w.headline)),
    v.drill ? h("p", { class: "note" }, h("strong", {}, "Drill. "), `A difference was made on purpose: ${v.drill.kind} of ${v.drill.task} in run ${v.drill.run} at tick ${v.drill.tick}.`) : null,
    v.probe ? h("p", { class: "note" }, h("strong", {}, "Probe. "), `It was asked for in the search for what makes window ${v.probe.window} differ: ${v.probe.question}`) : null,
    v.tie ? h("p", { class: "note" }, h("strong", {}, "Tie. "), "No group is larger than all others: which side is right cannot be told.") : null,
    d.kind === "latch" ? h("p", { class: "note" }, h("strong", {}, "Latch. "), "The runs agree with each other, but not with the accepted hash: the pipeline, its contexts, or the program or machine that runs it has changed.") : null,
    section(d.kind === "latch" ? "Trace hash" : w.place ? `What differs: ${w.place}` : "What differs",
      d.kind === "latch" ? null : place(c, d), sides(d, v.groups, v.tie), interference(w), suspects(w)),
    whole ? section("The whole event", fields(d, whole, v.groups, v.tie)) : null,
    whole ? section("Events around it", around(d, c.window, v.groups, v.tie)) : null,
    section("Which runs", which(c, v, d)),
    w.passed ? section("Before", h("p", { class: "links" }, h("a", { href: `#/window/${c.window}/against/${w.passed}` }, `What changed since window ${w.passed}, the last that passed`))) : null,
    variations(w),
    machines(w),
    section("Show it again", command(w.command, "In a terminal")));
}

// noDifference says of a window why none is shown.
function noDifference(c, w, about) {
  const [title, text] = {
    pass: ["There is no difference", `${w.headline}.`],
    running: ["There is no verdict yet", w.done > 0 ? `${number(w.done)} of ${number(w.runs * w.ticks)} ticks are hashed. What differs is shown here as soon as the window is judged.` : "The window waits for its first ticks."],
  }[w.state] ?? ["It could not be judged", `${w.headline}. Whether its runs are equal is not known.`];
  return [
    h("header", { class: `verdict ${w.state}` }, h("h1", {}, badge(w.state, true, w.verdict?.empty), h("span", { class: "hidden" }, ` window ${c.window}: ${about}`)), h("p", { class: "headline" }, title)),
    h("p", { class: "about" }, text),
    w.verdict?.problems ? problems(w.verdict.problems, c) : null,
    w.verdict && w.state !== "pass" ? section("Ask again", command(w.command, "In a terminal")) : null,
    h("p", { class: "links" }, h("a", { href: c.up }, `Window ${c.window}`)),
  ];
}

function place(c, d) {
  return h("dl", { class: "facts place" }, [
    ["kind", h("span", { class: "kind" }, d.kind)], ["task", h("strong", {}, d.task)],
    ["tick", [d.tick, " ", h("a", { href: `#/window/${c.window}/run/${d.found.run}/tick/${d.tick}` }, `all events in run ${d.found.run}`)]],
    ["event", d.event_index], ["field", h("code", {}, d.pointer || "the whole event")],
  ].map(([t, x]) => h("div", {}, h("dt", {}, t), h("dd", {}, x))));
}

function which(c, v, d) {
  return [
    h("p", {}, h("strong", {}, runsText(d.runs)), d.runs.length === 1 ? " shows it" : " show it",
      v.outliers.length > d.runs.length ? `; ${plural(v.outliers.length, "run")} differ from the largest group in all (${runsText(v.outliers)})` : "", "."),
    v.groups.length > 1 ? h("p", { class: "links" },
      h("a", { href: `#/window/${c.window}/compare/${d.expected.run}/${d.found.run}` }, `Compare runs ${d.expected.run} and ${d.found.run} tick by tick`),
      h("a", { href: `#/window/${c.window}?at=${d.tick}&row=${d.found.run}` }, "Find it in the grid")) : null,
  ];
}
