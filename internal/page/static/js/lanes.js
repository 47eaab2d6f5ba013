// Lanes and tasks of a run by ticks: what a lane spends, and what each task comes to.

import { h, number } from "./dom.js";
import { get } from "./api.js";
import { Grid } from "./grid.js";

const kinds = { o: ["ok", "ok"], s: ["skipped", "skipped: its lane could not afford it"], e: ["error", "error"], n: ["nocompute", "not computable"], ".": ["nothing", "no event"] };
const laneNames = ["forecast", "shadow"];

// lanes draws the run at = {window, run, first, end}. look is an answer about some of its
// ticks, which tells the tasks. Options: loaded(data) with each answer, beside when another
// grid of the page has the keys and the address.
export function lanes(c, at, look, { loaded, beside } = {}) {
  const rows = rowsOf(look), path = `#/window/${at.window}/run/${at.run}/tick/`;
  const detail = h("div", { class: "chosen", "aria-live": "polite" }, h("p", { class: "hint" }, "Choose a cell to see what it stands for."));
  const grid = new Grid(c, {
    label: `run ${at.run}: lanes and tasks by ticks`, gutter: 190, beside,
    rows: { count: rows.length, name: (i) => rows[i].name, strong: (i) => !rows[i].task },
    first: at.first, end: at.end,
    differing: (cell) => cell.kind === "error" || cell.kind === "nocompute" || cell.kind === "skipped",
    open: (_, tick) => { location.hash = path + tick; },
    async load(span, signal) {
      const data = await get(`windows/${at.window}/runs/${at.run}`, span, { signal });
      loaded?.(data);
      const byName = new Map(data.tasks.map((t) => [t.lane + t.name, t]));
      const top = Math.max(1, ...data.tasks.flatMap((t) => t.ops));
      return { ...data, cell: (row, column) => cellOf(rows[row], byName, data, column, top) };
    },
    chosen(row, span, cell) {
      const one = span.to - span.from === 1;
      detail.replaceChildren(
        h("p", { class: "what" }, h("strong", {}, `${rows[row].name}, ${one ? `tick ${number(span.from)}` : `ticks ${number(span.from)} to ${number(span.to - 1)}`}`), ` ${cell.text}`),
        h("p", { class: "links" }, one ? h("a", { href: path + span.from }, "Events of this tick") : h("span", {}, "Enter zooms in")));
    },
  });
  return { grid, parts: [grid.element, legend(), detail] };
}

// rowsOf lists what the picture shows: under each lane its budget and its tasks.
function rowsOf(look) {
  const rows = [];
  laneNames.forEach((lane, i) => {
    const tasks = look.tasks.filter((t) => t.lane === lane);
    if (tasks.length === 0) return;
    rows.push({ name: `${lane} ops`, lane: i, use: "ops" });
    if (look.budget[lane].entropy > 0 || look.lanes[i].entropy.some(Boolean)) rows.push({ name: `${lane} entropy`, lane: i, use: "entropy" });
    for (const t of tasks) rows.push({ name: t.name, lane: i, task: lane + t.name });
  });
  return rows;
}

function cellOf(row, byName, data, column, top) {
  if (row.use) {
    const spent = data.lanes[row.lane][row.use][column], budget = data.budget[laneNames[row.lane]][row.use];
    return { kind: "heat", level: budget > 0 ? spent / budget : 0, percent: budget > 0 ? `${Math.round(100 * spent / budget)} %` : "", text: `spends ${number(spent)} of ${number(budget)} ${row.use} a tick${data.step > 1 ? " at most" : ""}` };
  }
  const task = byName.get(row.task), at = task?.status[column] ?? ".";
  const [kind, text] = kinds[at];
  return { kind, level: task ? task.ops[column] / top : 0, text: at === "o" || at === "e" ? `${text}, ${number(task.ops[column])} ops` : text };
}

function legend() {
  return h("p", { class: "legend" }, "Bold rows: the part of its budget that the lane spends in a tick, the darker the more. Other rows: a bar as high as the task's cost. ",
    h("span", { class: "status skipped_budget" }, "– skipped"), " ", h("span", { class: "status error" }, "✕ error"), " ", h("span", { class: "status not_computable" }, "∅ not computable"));
}
