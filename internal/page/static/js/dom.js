// Making elements. Whatever comes from the streams is set as text, never as HTML, and nothing
// in it is invisible.

import { visible } from "./text.js";

// h makes an element. Properties that begin with "on" are listeners; "class" and what
// has a dash are attributes; the rest are attributes too unless they are booleans.
export function h(tag, properties = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (name === "style") for (const [p, v] of Object.entries(value)) e.style.setProperty(p, v);
    else e.setAttribute(name, value === true ? "" : read.has(name) ? visible(String(value)) : value);
  }
  append(e, children);
  return e;
}

const read = new Set(["title", "aria-label"]); // by people

function append(e, children) {
  for (const c of children) {
    if (c === null || c === undefined || c === false) continue;
    if (Array.isArray(c)) append(e, c);
    else e.append(c instanceof Node ? c : visible(String(c), e));
  }
}

export const $ = (selector, from = document) => from.querySelector(selector);

// A button that copies a text and says so.
export function copyButton(text, what) {
  const b = h("button", { type: "button", class: "copy", "aria-label": `Copy ${what}` }, "Copy");
  b.addEventListener("click", async () => {
    try {
      await copy(text);
      b.textContent = "Copied";
    } catch {
      b.textContent = "Not allowed";
    }
    setTimeout(() => { b.textContent = "Copy"; }, 1500);
  });
  return b;
}

// Without HTTPS or localhost there is no clipboard: the old way then.
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = h("textarea", { class: "hidden", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("copy");
}

const format = new Intl.NumberFormat("en");
export const number = (n) => typeof n === "number" ? format.format(n).replaceAll(",", " ") : String(n);
export const plural = (n, one, many = one + "s") => `${number(n)} ${n === 1 ? one : many}`;

// letter names a group: A to Z, then AA.
export function letter(i) {
  return i < 26 ? String.fromCharCode(65 + i) : letter(Math.floor(i / 26) - 1) + letter(i % 26);
}

// runList shortens 0,1,2,5 to "0–2, 5".
export function runList(runs) {
  const parts = [];
  for (let i = 0; i < runs.length; i++) {
    let k = i;
    while (k + 1 < runs.length && runs[k + 1] === runs[k] + 1) k++;
    parts.push(k > i + 1 ? `${runs[i]}–${runs[k]}` : k > i ? `${runs[i]}, ${runs[k]}` : `${runs[i]}`);
    i = k;
  }
  return parts.join(", ");
}

export const runsText = (runs) => `${runs.length === 1 ? "run" : "runs"} ${runList(runs)}`;

export const states = {
  pass: { mark: "✓", word: "pass" },
  fail: { mark: "✕", word: "fail" },
  inconclusive: { mark: "?", word: "inconclusive" },
  running: { mark: "▸", word: "running" },
  unreadable: { mark: "!", word: "unreadable" },
};

// badge shows a state by colour, mark and word.
export function badge(state, large) {
  const s = states[state] ?? { mark: "!", word: state };
  return h("span", { class: `badge ${state}${large ? " large" : ""}` }, h("span", { class: "mark", "aria-hidden": "true" }, s.mark), s.word);
}

export function groupKey(index) {
  return h("span", { class: "group", "data-group": index % 8 }, letter(index));
}

export function crumbs(...parts) {
  return h("nav", { class: "crumbs", "aria-label": "Where you are" },
    parts.map(([text, href], i) => [i > 0 && h("span", { "aria-hidden": "true" }, "/"),
      href ? h("a", { href }, text) : h("span", { "aria-current": "page" }, text)]));
}

export function hash(text, digits = 12) {
  return h("code", { class: "hash", title: text }, text ? text.slice(0, digits) : "none");
}

export function section(title, ...children) {
  const id = "s-" + title.toLowerCase().replaceAll(/[^a-z]+/g, "-");
  return h("section", { "aria-labelledby": id }, h("h2", { id }, title), ...children);
}

// empty stands where there is nothing to show. level is that of its heading: h1 where the
// view has no other.
export function empty(level, title, ...children) {
  return h("div", { class: "empty" }, h(level, { class: "title" }, title), ...children);
}

// table makes a table that can be scrolled sideways, by the keyboard too. Heads are texts, or
// th elements.
export function table(label, kind, heads, rows) {
  const head = (t) => t instanceof HTMLElement && t.tagName === "TH" ? t : h("th", { scope: "col" }, t);
  return h("div", { class: "table", role: "region", tabindex: "0", "aria-label": label },
    h("table", { class: kind }, h("thead", {}, h("tr", {}, heads.map(head))), h("tbody", {}, rows)));
}
