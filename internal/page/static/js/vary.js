// What the runs of a window had around them that must not matter, and what of it can be
// behind a difference.

import { h, runsText, section, table } from "./dom.js";

// suspects says what the pattern of the runs says of the cause; null: nothing.
export function suspects(w) {
  return w.suspects ? h("p", { class: "note suspects" }, w.suspects.sentence) : null;
}

// variedIn lists the variations that one run has.
export const variedIn = (w, run) => (w.variations ?? []).filter((v) => v.runs.includes(run)).map((v) => v.name);

// suspectsIn lists those of them that can be behind the difference.
export const suspectsIn = (w, run) => variedIn(w, run).filter((name) => w.suspects?.names?.includes(name));

// around says what a run had around it, and what it did not have although it should.
export function around(w, run) {
  if (!w.variations) return null;
  const names = variedIn(w, run), missed = w.variations.filter((v) => v.missed?.includes(run));
  return h("p", { class: "varied" }, names.length ? ["varied in this run: ", names.map((name, i) => [i > 0 && ", ", word(w, name)])] : "a plain run: nothing is varied",
    missed.length ? ["; not as planned: ", missed.map((v) => v.name).join(", ")] : null);
}

const word = (w, name) => w.suspects?.names?.includes(name) ? h("strong", {}, name) : name;

// variations is the table of all of them.
export function variations(w) {
  if (!w.variations) return null;
  return section("What was varied", table("what was varied", "variations", ["variation", "varied in", "not varied"],
    w.variations.map((v) => h("tr", { class: w.suspects?.names?.includes(v.name) ? "suspect" : "" },
      h("th", { scope: "row" }, word(w, v.name)),
      h("td", {}, v.runs.length ? runsText(v.runs) : "no run"),
      h("td", { class: "text" }, v.missed ? [v.missed.length < w.runs ? runsText(v.missed) + ": " : "", v.reason] : "")))));
}
