// The frame of the page: which view is shown, the connection, the keys.

import { $, h, empty } from "./dom.js";
import { visible } from "./text.js";
import { live, ServerError, words } from "./api.js";
import { alike, arrive, leave, rename } from "./place.js";
import * as list from "./list.js";
import * as window_ from "./window.js";
import * as run from "./run.js";
import * as tick from "./tick.js";
import * as failure from "./failure.js";
import * as compare from "./compare.js";
import * as against from "./against.js";
import * as search from "./search.js";

// Where each view is. A view's open(context) returns when its first picture is there;
// what it puts into context.on is called with live events, and on.open when the
// connection is back and something may have been missed.
const routes = [
  [/^\/$/, list, []],
  [/^\/pipeline\/([^/]+)$/, list, ["pipeline"]],
  [/^\/window\/(\d+)$/, window_, ["window"]],
  [/^\/window\/(\d+)\/failure$/, failure, ["window"]],
  [/^\/window\/(\d+)\/run\/(\d+)$/, run, ["window", "run"]],
  [/^\/window\/(\d+)\/run\/(\d+)\/tick\/(\d+)$/, tick, ["window", "run", "tick"]],
  [/^\/window\/(\d+)\/compare\/(\d+)\/(\d+)$/, compare, ["window", "a", "b"]],
  [/^\/window\/(\d+)\/against\/(\d+)$/, against, ["window", "other"]],
  [/^\/search$/, search, []],
];

let current = null; // context of the view that is shown

// here is the path and the query of the address.
const here = () => (location.hash.slice(1) || "/").split("?");

async function show() {
  current?.abort.abort();
  leave();
  const place = arrive(), chosen = document.activeElement.closest("main select");
  const [path, query] = here();
  const abort = new AbortController();
  const context = {
    path, abort, signal: abort.signal, on: {}, keys: {}, up: "#/",
    main: $("#main"),
    query: new URLSearchParams(query),
    // set changes the query of the address without going anywhere, unless the way out
    // has been taken already.
    set(values) {
      if (here()[0] !== path) return;
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === undefined || value === "") this.query.delete(name);
        else this.query.set(name, value);
      }
      rename(`#${path}${this.query.size ? "?" + this.query : ""}`);
    },
    // put shows elements, if the view is still wanted, within shows them in a part of it.
    // Drawn again, they leave the focus where it was.
    put(...children) { this.within(this.main, ...children); },
    within(part, ...children) {
      if (abort.signal.aborted) return;
      const focus = this.drawn && part.contains(document.activeElement) && document.activeElement;
      part.replaceChildren(...children.flat().filter(Boolean));
      this.drawn = true;
      if (focus && focus !== part) (alike(part, focus) ?? this.main).focus({ preventScroll: true });
    },
    title(text) { if (!abort.signal.aborted) document.title = `${visible(text)} · ERS`; },
  };
  current = context;
  if (path !== "/search") $("#q").value = "";
  const slow = setTimeout(() => context.put(h("p", { class: "loading", role: "status" }, "Reading the streams")), 150);
  try {
    const [view, names, values] = find(path);
    names.forEach((name, i) => { context[name] = name === "pipeline" ? decodeURIComponent(values[i]) : Number(values[i]); });
    await view.open(context);
    if (abort.signal.aborted) return;
    document.documentElement.dataset.shown = path;
    scrollTo(0, place?.top ?? 0);
    if (![document.body, context.main].includes(document.activeElement)) return;
    const link = place?.link && context.main.querySelector(`a[href="${CSS.escape(place.link)}"]`);
    (link || chosen && alike(context.main, chosen) || context.main).focus({ preventScroll: true }); // what had it is gone
  } catch (e) {
    if (abort.signal.aborted) return;
    context.put(problem(e));
    context.on = { open: show };
  } finally {
    clearTimeout(slow);
  }
}

function find(path) {
  for (const [pattern, view, names] of routes) {
    const m = pattern.exec(path);
    if (m) return [view, names, m.slice(1)];
  }
  throw new ServerError(`There is no page at ${path}.`, 404);
}

function problem(e) {
  const title = e.code === 404 ? "Not found" : e.code === 503 || e.code === 0 ? "Not connected" : "This cannot be shown";
  return h("div", { role: "alert" }, empty("h1", title, h("p", {}, words(e)), e.detail || !(e instanceof ServerError) ? h("details", {}, h("summary", {}, "What was said within"), h("pre", { tabindex: "0" }, e.detail ?? String(e))) : null,
    h("p", {}, h("button", { type: "button", onclick: show }, "Try again"), " ", h("a", { href: "#/" }, "All windows"))));
}

// The connection.

const connection = { server: false, nats: true, was: false };

function onLive(name, data) {
  const back = name === "status" && data.connected && !connection.nats; // NATS is
  if (name === "open") connection.server = true;
  if (name === "lost") connection.server = false;
  if (name === "status") connection.nats = data.connected;
  showConnection();
  // What was missed; at the first time nothing was.
  if (back || name === "open" && connection.was) current?.on.open?.();
  if (name === "open") connection.was = true;
  else current?.on[name]?.(data);
}

function showConnection() {
  const good = connection.server && connection.nats;
  $("#live").dataset.state = good ? "live" : "lost";
  $("#live .what").textContent = good ? "live" : "not connected";
  const notice = $("#notice");
  notice.hidden = good || !connection.was;
  if (good) return;
  notice.textContent = connection.server
    ? "ERS has lost its connection to NATS and is trying again. What you see may be out of date."
    : "The connection to ERS is lost and is being tried again. What you see may be out of date.";
}

// Colours and keys.

const themes = { system: ["◐", "as the system has them"], light: ["☀", "light"], dark: ["☾", "dark"] };

function theme(next) {
  const root = document.documentElement;
  const order = Object.keys(themes), now = root.dataset.theme ?? "system";
  const wanted = next ? order[(order.indexOf(now) + 1) % order.length] : now;
  if (wanted === "system") delete root.dataset.theme;
  else root.dataset.theme = wanted;
  try { localStorage.setItem("ers-theme", wanted); } catch { /* not kept */ }
  $("#theme").textContent = themes[wanted][0];
  $("#theme").setAttribute("aria-label", `Colours: ${themes[wanted][1]}`);
  if (next) current?.on.theme?.();
}

const keys = {
  "/": () => { $("#q").focus(); $("#q").select(); },
  "?": () => $("#keys").showModal(),
  t: () => theme(true),
  g: () => { location.hash = "#/"; },
  u: () => { location.hash = current?.up ?? "#/"; },
};

addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
  if (e.target.closest("input, textarea, select, dialog[open]")) {
    if (e.key === "Escape" && e.target.id === "q") e.target.blur();
    return;
  }
  const does = current?.keys[e.key] ?? keys[e.key];
  if (does) {
    e.preventDefault();
    does(e);
  }
});

$("#theme").addEventListener("click", () => theme(true));
$("#help").addEventListener("click", keys["?"]);
$("form.search").addEventListener("submit", (e) => {
  e.preventDefault();
  const text = $("#q").value.trim();
  $("#q").blur(); // the next keys are for the view
  location.hash = text ? `#/search?q=${encodeURIComponent(text)}` : "#/";
});
$(".skip").addEventListener("click", (e) => { // the address is not for anchors
  e.preventDefault();
  $("#main").focus();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => current?.on.theme?.());
addEventListener("hashchange", show);

theme(false);
show();
live(onLive);
