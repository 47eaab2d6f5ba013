// Asking the server.

import { parse } from "./exact.js";

export class ServerError extends Error {
  constructor(message, code, detail) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

// words says what went wrong. What is no answer of the server is a mistake of this page.
export function words(e) {
  if (e instanceof ServerError) return e.message;
  console.error(e);
  return "This page met something that it did not expect. Load it again.";
}

// get asks for JSON. exact keeps numbers that JavaScript would change as text.
export async function get(path, parameters = {}, { exact = false, signal } = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  let response;
  try {
    response = await fetch(`/api/${path}${query.size ? "?" + query : ""}`, { signal });
  } catch (e) {
    if (e.name === "AbortError") throw e;
    throw new ServerError("ERS does not answer. Is `ers up` or `ers view` still running?", 0);
  }
  const text = await response.text();
  let data;
  try {
    data = exact ? parse(text) : JSON.parse(text);
  } catch {
    throw new ServerError("ERS answered in a way that this page does not understand. Load it again: it may be of another version.", response.status, text.slice(0, 500));
  }
  if (!response.ok) throw new ServerError(data.error ?? "ERS has no answer, and does not say why.", response.status, data.detail);
  return data;
}

// live listens to the server. on is called with the name and the data of each event,
// and with "open" and "lost" as the connection comes and goes. A page that nobody looks
// at does not listen: a browser has few connections for all its tabs.
export function live(on) {
  let source = null, retry = 0;
  const connect = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource("/api/live");
    source.onopen = () => on("open");
    source.onerror = () => {
      on("lost");
      if (source.readyState === EventSource.CLOSED) retry = setTimeout(connect, 2000); // it will not by itself
    };
    for (const name of ["status", "ready", "window"]) {
      source.addEventListener(name, (e) => on(name, JSON.parse(e.data)));
    }
  };
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) return connect();
    clearTimeout(retry);
    source?.close();
  });
  connect();
}
