// Runs that are made without tasks of the shadow lane: what the forecast lane does in them must
// be the same as in all others.

import { h } from "./dom.js";

// without says which tasks a run is made without; "": it is made with all of them.
export function without(w, run) {
  const tasks = w.request.groups?.find((g) => g.name === "shadow-off" && g.runs.includes(run))?.tasks;
  if (!tasks) return "";
  return tasks.length > 3 ? `without ${tasks.length} shadow tasks` : `without shadow ${tasks.length === 1 ? "task" : "tasks"} ${tasks.join(", ")}`;
}

// interference says which shadow task changes what the forecast lane does; null: that is not
// what differs.
export function interference(w) {
  return w.interference ? h("p", { class: "note" }, h("strong", {}, "Shadow: "), w.interference) : null;
}
