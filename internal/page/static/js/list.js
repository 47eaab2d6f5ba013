// The list of pipelines and windows.

import { h, badge, number, plural, empty, states, crumbs } from "./dom.js";
import { filters, wanted } from "./filters.js";
import { took, when } from "./time.js";
import { get } from "./api.js";

const page = 50, most = 1000; // windows

export async function open(c) {
  const before = c.query.get("before");
  let limit = Math.min(most, Number(c.query.get("limit")) || page), all = c.query.get("pipelines") === "all";
  const top = h("div"), shown = h("div");
  let running = false, again = false;
  c.title(c.pipeline ?? "Windows");

  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      const data = await get("windows", { limit, before, ...wanted(c), pipeline: c.pipeline, pipelines: c.pipeline ? 0 : all ? 10_000 : null }, { signal: c.signal });
      draw(data);
    } finally {
      running = false;
      if (again && !c.signal.aborted) {
        again = false;
        later();
      }
    }
  }

  // Changes come in swarms: one look for all of them.
  let timer = 0;
  function later() {
    timer ||= setTimeout(() => { timer = 0; now(); }, 120);
  }
  // What cannot be had now stays as it was: the bar says that the connection is lost.
  const now = () => { if (!c.signal.aborted) refresh().catch(() => {}); };
  for (const name of ["window", "ready", "open"]) c.on[name] = later;

  function draw(data) {
    if (!shown.isConnected) {
      c.put(
        c.pipeline ? crumbs(["Windows", "#/"], [c.pipeline]) : null,
        h("h1", { class: c.pipeline ? "" : "hidden" }, c.pipeline ?? "Windows"),
        top, filters(c, now), shown);
    }
    if (!c.pipeline) c.within(top, pipelines(data, () => { all = true; c.set({ pipelines: "all" }); now(); }));
    c.within(shown,
      windows(data, c),
      before ? h("p", { class: "more" }, h("a", { href: address(c, { before: null, limit: null }) }, "The newest windows")) : null,
      older(data),
    );
  }

  // older leads to what is not listed. A list that is long begins anew with them.
  function older(data) {
    const more = (...x) => h("p", { class: "more" }, ...x);
    if (!data.more) return data.cut ? more(`Only the newest ${number(data.cut)} windows are listed. Older ones are found by their number: search it.`) : null;
    if (limit >= most && wanted(c).order) return more(`Only ${number(most)} windows are listed in this order.`);
    if (limit >= most) return more(h("a", { href: address(c, { before: data.windows.at(-1).window, limit: null }) }, "Older windows"));
    return more(h("button", { type: "button", onclick: () => { limit = Math.min(most, limit + 2 * page); c.set({ limit }); now(); } }, "Show older windows"));
  }

  await refresh();
}

// address is that of the list with some of its parameters changed.
function address(c, values) {
  const query = new URLSearchParams(c.query);
  for (const [name, value] of Object.entries(values)) {
    if (value === null) query.delete(name);
    else query.set(name, value);
  }
  return `#${c.path}${query.size ? "?" + query : ""}`;
}

function pipelines(data, showAll) {
  if (data.pipelines.length === 0) return null;
  return [h("ul", { class: "pipelines", "aria-label": "Pipelines, those that fail first" }, data.pipelines.map((p) => {
    const last = p.recent.at(-1);
    return h("li", { "data-state": p.state }, h("a", { href: `#/pipeline/${encodeURIComponent(p.name)}` },
      h("span", { class: "name" }, p.name),
      h("span", { class: "trail", role: "img", "aria-label": `newest ${last.state}; ${p.recent.filter((r) => r.state === "pass").length} of the last ${p.recent.length} passed` },
        p.recent.map((r) => h("span", { class: `mark ${r.empty ? "inconclusive" : r.state}`, title: `window ${r.window}: ${r.empty ? states.empty.word : r.state}${r.drill ? ", a drill" : r.probe ? ", a probe" : ""}` }, states[r.state]?.mark ?? "!"))),
      h("span", { class: "count" }, plural(p.windows, "window"))));
  })), data.others > 0 ? h("p", { class: "more" }, h("button", { type: "button", onclick: showAll }, `Show ${plural(data.others, "more pipeline")}`)) : null];
}

function windows(data, c) {
  const filtered = Object.values(wanted(c)).some(Boolean);
  if (!data.ready) return h("p", { class: "loading", role: "status" }, "Reading the list of windows");
  if (data.windows.length === 0 && (filtered || c.pipeline)) return empty("h2", "No such windows", h("p", {}, filtered ? "No window in the list is like that. " : "Nothing is known of it. ", h("a", { href: "#/" }, "All windows")));
  if (data.windows.length === 0) {
    return empty("h2", "No windows yet",
      h("p", {}, "This page shows each window as it is asked for, runs and is judged. ", data.nats ? "Ask for one in another terminal:" : "Nobody else reaches the store that it reads. Stop it, and ask for a window there:"),
      h("pre", {}, data.nats ? `ers submit -f pipeline.yaml --nats ${data.nats}` : "ers run -f pipeline.yaml --store DIR"));
  }
  return h("ol", { class: "windows", "aria-label": "Windows, the newest first" }, data.windows.map(row));
}

export function row(w) {
  const total = w.runs * w.ticks;
  return h("li", { "data-window": w.window, "data-state": w.state },
    h("a", { href: `#/window/${w.window}` },
      h("span", { class: "id" }, h("span", { class: "hidden" }, "window "), w.window),
      badge(w.state, false, w.empty),
      h("span", { class: "pipeline" }, w.pipeline),
      w.state === "running" ? progress(w.done, total) : h("span", { class: "headline" }, w.headline),
      h("span", { class: "size" }, `${w.runs} × ${number(w.ticks)}`, h("span", { class: "hidden" }, " runs and ticks")),
      h("span", { class: "when" }, when(w.asked), w.judged && w.asked ? h("span", { class: "took" }, took(w.judged - w.asked)) : null)));
}

export function progress(done, total) {
  const percent = total > 0 ? Math.floor(100 * done / total) : 0;
  return h("span", { class: "progress" },
    h("span", { class: "track", role: "progressbar", "aria-label": "ticks hashed", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent },
      h("span", { class: "fill", style: { width: `${percent}%` } })),
    h("span", { class: "of" }, done === 0 ? "waiting for its first ticks" : `${number(done)} of ${number(total)} ticks hashed`));
}
