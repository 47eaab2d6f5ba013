// When something was and how long it took: the stream knows, and nothing that is hashed or
// judged does.

import { h } from "./dom.js";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "medium" });

// when shows a moment, in milliseconds, by the reader's clock: long with date and seconds,
// short with the hour of today or the day.
export function when(at, long) {
  if (!at) return null;
  const date = new Date(at), today = date.toDateString() === new Date().toDateString();
  return h("time", { datetime: date.toISOString(), title: whole.format(date) }, long ? whole.format(date) : today ? clock.format(date) : day.format(date));
}

// took says how many milliseconds something took.
export function took(ms) {
  if (ms < 1000) return `${Math.max(1, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000), seconds = Math.floor(ms / 1000) % 60;
  return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// times says when a window was asked for, and how long it was until its verdict.
export function times(w) {
  if (!w.asked) return null;
  return ["asked for on ", when(w.asked, true), w.judged ? `, judged ${took(w.judged - w.asked)} later` : null];
}
