// The list of pipelines and windows.

import { h, badge, number, plural, states, empty, crumbs } from "./dom.js";
import { get } from "./api.js";

const page = 50;

export async function open(c) {
  let limit = page, running = false, again = false;
  c.title(c.pipeline ?? "Windows");

  async function refresh() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    try {
      const data = await get("windows", { limit, state: c.query.get("state"), pipeline: c.pipeline }, { signal: c.signal });
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
    clearTimeout(timer);
    timer = setTimeout(now, 120);
  }
  // What cannot be had now stays as it was: the bar says that the connection is lost.
  const now = () => { if (!c.signal.aborted) refresh().catch(() => {}); };
  for (const name of ["window", "ready", "open"]) c.on[name] = later;

  function draw(data) {
    const focus = document.activeElement?.getAttribute?.("href");
    const state = c.query.get("state") ?? "";
    c.put(
      c.pipeline ? crumbs(["Windows", "#/"], [c.pipeline]) : null,
      h("h1", { class: c.pipeline ? "" : "hidden" }, c.pipeline ?? "Windows"),
      !c.pipeline && data.pipelines.length > 0 ? pipelines(data.pipelines) : null,
      h("div", { class: "filters", role: "group", "aria-label": "Windows to show" },
        ["", "fail", "inconclusive", "running", "pass"].map((s) => h("button", {
          type: "button", "aria-pressed": String(s === state),
          onclick: () => { c.set({ state: s }); now(); },
        }, s ? [h("span", { class: `mark ${s}`, "aria-hidden": "true" }, states[s].mark), " ", states[s].word] : "all"))),
      windows(data, state, c),
      data.more ? h("p", { class: "more" }, h("button", { type: "button", onclick: () => { limit = Math.min(1000, limit + 2 * page); now(); } }, "Show older windows")) : null,
    );
    if (focus) c.main.querySelector(`a[href="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
  }

  await refresh();
}

function pipelines(list) {
  return h("ul", { class: "pipelines", "aria-label": "Pipelines" }, list.slice(0, 24).map((p) => {
    const last = p.recent.at(-1);
    return h("li", {}, h("a", { href: `#/pipeline/${encodeURIComponent(p.name)}` },
      h("span", { class: "name" }, p.name),
      h("span", { class: "trail", role: "img", "aria-label": `newest ${last.state}; ${p.recent.filter((r) => r.state === "pass").length} of the last ${p.recent.length} passed` },
        p.recent.map((r) => h("span", { class: `mark ${r.state}`, title: `window ${r.window}: ${r.state}` }, states[r.state]?.mark ?? "!"))),
      h("span", { class: "count" }, plural(p.windows, "window"))));
  }));
}

function windows(data, state, c) {
  if (!data.ready) return h("p", { class: "loading", role: "status" }, "Reading the list of windows");
  if (data.windows.length === 0 && (state || c.pipeline)) return empty("No such windows", h("p", {}, "Nothing here is ", state || "known", ". ", h("a", { href: "#/" }, "All windows")));
  if (data.windows.length === 0) {
    return empty("No windows yet",
      h("p", {}, "This page shows each window as it is asked for, runs and is judged. Ask for one in another terminal:"),
      h("pre", {}, "ers submit -f pipeline.yaml --nats nats://127.0.0.1:4222"));
  }
  return h("ol", { class: "windows", "aria-label": "Windows, the newest first" }, data.windows.map(row));
}

function row(w) {
  const total = w.runs * w.ticks;
  return h("li", { "data-window": w.window, "data-state": w.state },
    h("a", { href: `#/window/${w.window}` },
      h("span", { class: "id" }, h("span", { class: "hidden" }, "window "), w.window),
      badge(w.state),
      h("span", { class: "pipeline" }, w.pipeline),
      w.state === "running" ? progress(w.done, total) : h("span", { class: "headline" }, w.headline),
      h("span", { class: "size" }, `${w.runs} × ${number(w.ticks)}`, h("span", { class: "hidden" }, " runs and ticks"))));
}

export function progress(done, total) {
  const percent = total > 0 ? Math.floor(100 * done / total) : 0;
  return h("span", { class: "progress" },
    h("span", { class: "track", role: "progressbar", "aria-label": "ticks hashed", "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": percent },
      h("span", { class: "fill", style: { width: `${percent}%` } })),
    h("span", { class: "of" }, done === 0 ? "waiting for its first ticks" : `${number(done)} of ${number(total)} ticks hashed`));
}
