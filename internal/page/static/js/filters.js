// Which windows the list shows. What is chosen is kept in the address.

import { h, states } from "./dom.js";

// wanted is what is asked of the server for the address.
export function wanted(c) {
  const q = c.query, midnight = (day, later) => {
    const [y, m, d] = (day ?? "").split("-").map(Number);
    return y ? new Date(y, m - 1, d + later).getTime() : null; // by the reader's clock
  };
  return { state: q.get("state"), text: q.get("text"), drill: q.get("drill"), order: q.get("order"), since: midnight(q.get("since"), 0), until: midnight(q.get("until"), 1) };
}

// filters is the form. changed is called when something else is wanted.
export function filters(c, changed) {
  const set = (name, value) => {
    c.set({ [name]: value, before: null });
    changed();
  };
  const field = (label, name, type) => h("label", {}, label, " ", h("input", {
    type, name, value: c.query.get(name) ?? "", autocomplete: "off", oninput: (e) => set(name, e.target.value),
  }));
  const choice = (label, name, options) => h("label", {}, label, " ", h("select", { name, onchange: (e) => set(name, e.target.value) },
    options.map(([value, text]) => h("option", { value, selected: value === (c.query.get(name) ?? "") }, text))));
  const state = h("div", { class: "buttons", role: "group", "aria-label": "Windows to show" });
  const pressed = () => state.replaceChildren(...["", "fail", "inconclusive", "running", "pass"].map((s) => h("button", {
    type: "button", "aria-pressed": String(s === (c.query.get("state") ?? "")),
    onclick: () => {
      set("state", s);
      pressed();
      state.querySelector('[aria-pressed="true"]').focus();
    },
  }, s ? [h("span", { class: `mark ${s}`, "aria-hidden": "true" }, states[s].mark), " ", states[s].word] : "all")));
  pressed();
  return h("form", { class: "filters", onsubmit: (e) => e.preventDefault() }, state,
    field("with", "text", "search"), field("from", "since", "date"), field("to", "until", "date"),
    choice("drills", "drill", [["", "shown"], ["no", "left out"], ["yes", "alone"]]),
    choice("order", "order", [["", "newest first"], ["failing", "failing first"]]));
}
