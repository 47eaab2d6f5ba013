// A picture of rows × ticks on a canvas. However many ticks there are, there are no more
// cells than the screen has room for: the server puts ticks together into columns, and
// zooming asks it for finer ones. Rows beyond the height scroll; only those in sight
// are drawn.
//
// What a picture is about comes from its owner, as options:
//   label             what the grid is, for who cannot see it
//   rows              {count, name(i), strong(i), odd(i), note(i), hint(i)}: a note stands
//                     behind the name, a hint is seen by who points at it
//   first, end        the ticks that there are
//   load(span)        asks for {from, to, step, columns, cell(row, column)}; a cell is
//                     {kind, …} as paint.js knows them, and text, what it says
//   open(row, tick)   a cell of one tick was opened
//   chosen(row, span) a cell was chosen: {from, to}, the ticks of it
//   beside            another grid has the address, and the keys where none has the focus

import { h, number } from "./dom.js";
import { words } from "./api.js";
import { visible } from "./text.js";
import { axisHeight, draw, rowHeight, tallest } from "./draw.js";

const narrowest = 7; // pixels of a column
const pause = 1500; // ms between pictures of what goes on

export class Grid {
  constructor(c, options) {
    Object.assign(this, options);
    this.c = c;
    const query = this.beside ? new URLSearchParams() : c.query;
    this.from = clamp(Number(query.get("from") ?? this.first), this.first, this.end - 1);
    this.to = clamp(Number(query.get("to") ?? this.end), this.from + 1, this.end);
    this.row = clamp(Number(query.get("row") ?? 0), 0, this.rows.count - 1);
    this.tick = query.has("at") ? clamp(Number(query.get("at")), this.from, this.to - 1) : null;
    this.build();
    if (this.beside) this.ownKeys();
    else Object.assign(c.keys, this.keys());
    const redraw = () => this.draw(), others = c.on.theme;
    c.on.theme = () => { others?.(); redraw(); setTimeout(redraw); };
    const printed = matchMedia("print"), { signal } = c;
    addEventListener("beforeprint", () => this.print(true), { signal });
    addEventListener("afterprint", () => this.print(false), { signal });
    printed.addEventListener("change", () => this.print(printed.matches), { signal });
    let width = 0;
    const resized = new ResizeObserver(() => {
      if (this.paper || Math.abs(this.scroll.clientWidth - width) < 2) return;
      width = this.scroll.clientWidth;
      this.ask();
    });
    resized.observe(this.scroll);
    c.signal.addEventListener("abort", () => resized.disconnect());
  }

  build() {
    const button = (text, label, does) => h("button", { type: "button", "aria-label": label, title: label, onclick: does }, text);
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.spacer = h("div", { class: "spacer" });
    this.cell = h("div", { role: "gridcell", id: `cell-${Math.random().toString(36).slice(2)}`, class: "hidden" });
    this.line = h("div", { role: "row" }, this.cell);
    this.scroll = h("div", { class: "scroll", role: "grid", tabindex: "0", "aria-label": this.label, "aria-rowcount": this.rows.count },
      this.canvas, this.spacer, this.line);
    this.range = h("span", { class: "range" });
    this.message = h("p", { class: "over", role: "status", hidden: true });
    this.scroll.style.height = `${Math.min(tallest, axisHeight + this.rows.count * rowHeight + 6)}px`;
    this.spacer.style.height = `${axisHeight + this.rows.count * rowHeight}px`;
    this.scroll.addEventListener("scroll", () => requestAnimationFrame(() => this.draw()));
    this.scroll.addEventListener("focus", () => { if (this.tick === null) this.choose(this.row, 0); else this.draw(); });
    this.scroll.addEventListener("blur", () => this.draw());
    this.canvas.addEventListener("click", (e) => this.clicked(e, false));
    this.canvas.addEventListener("dblclick", (e) => this.clicked(e, true));
    this.canvas.addEventListener("mousemove", (e) => this.hint(e));
    this.scroll.addEventListener("wheel", (e) => {
      if (!e.ctrlKey && !e.metaKey) return;
      e.preventDefault();
      const at = this.at(e);
      this.zoom(e.deltaY < 0 ? 0.5 : 2, at ? this.data.from + at.column * this.data.step : undefined);
    }, { passive: false });
    this.element = h("div", { class: "grid" },
      h("div", { class: "tools" }, this.range,
        h("span", { class: "buttons", role: "group", "aria-label": "Zoom" },
          button("‹", "earlier ticks (,)", () => this.pan(-0.5)), button("›", "later ticks (.)", () => this.pan(0.5)),
          button("+", "zoom in (+)", () => this.zoom(0.5)), button("−", "zoom out (−)", () => this.zoom(2)),
          button("all", "all ticks (0)", () => this.show(this.first, this.end)),
          this.differing && button("next ≠", "next cell that differs (n)", () => this.next(1)))),
      h("div", { class: "frame" }, this.scroll, this.message));
  }

  keys() {
    const inside = (does) => (e) => { if (document.activeElement === this.scroll || e.key.length === 1) does(e); };
    const step = (rows, columns) => (e) => {
      if (document.activeElement !== this.scroll) return scrollBy({ top: rows * 80 });
      const n = e.shiftKey ? 10 : 1;
      this.choose(this.row + rows * n, this.column() + columns * n);
    };
    return {
      ArrowLeft: step(0, -1), ArrowRight: step(0, 1), ArrowUp: step(-1, 0), ArrowDown: step(1, 0),
      Home: inside(() => this.choose(this.row, 0)),
      End: inside(() => this.choose(this.row, (this.data?.columns ?? 1) - 1)),
      Enter: (e) => { if (document.activeElement === this.scroll) this.enter(); else e.target.click?.(); },
      "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), 0: () => this.show(this.first, this.end),
      ",": () => this.pan(-0.5), ".": () => this.pan(0.5),
      ...(this.differing ? { n: () => this.next(1), p: () => this.next(-1) } : {}),
    };
  }

  // ownKeys obeys the keys while this grid has the focus.
  ownKeys() {
    const keys = this.keys();
    this.element.addEventListener("keydown", (e) => {
      if (e.ctrlKey || e.metaKey || e.altKey || !keys[e.key] || e.target !== this.scroll) return;
      e.preventDefault();
      keys[e.key](e);
    });
  }

  // address keeps what is shown in the address of the page.
  address(what) { if (!this.beside) this.c.set(what); }

  // Which ticks are shown.

  show(from, to) {
    this.from = clamp(Math.round(from), this.first, this.end - 1);
    this.to = clamp(Math.round(to), this.from + 1, this.end);
    if (this.tick !== null) this.tick = clamp(this.tick, this.from, this.to - 1);
    return this.ask();
  }

  zoom(factor, around = this.tick ?? (this.from + this.to) / 2) {
    const ticks = clamp((this.to - this.from) * factor, Math.min(8, this.end - this.first), this.end - this.first);
    const from = clamp(around - ticks * ((around - this.from) / (this.to - this.from)), this.first, this.end - ticks);
    return this.show(from, from + ticks);
  }

  pan(part) {
    const ticks = this.to - this.from;
    const from = clamp(this.from + ticks * part, this.first, this.end - ticks);
    return this.show(from, from + ticks);
  }

  // refresh asks again for what is shown. However often it is called, what is asked is
  // answered first, and then there is a pause.
  refresh() {
    this.stale = true;
    if (this.asking || this.c.signal.aborted) return;
    this.stale = false;
    this.ask(true);
  }

  // ask loads the picture. What a reader asks makes an older question void. A quiet one
  // leaves the older picture as it is until the new one is there.
  async ask(quiet) {
    const width = this.scroll.clientWidth;
    if (!width) return;
    this.left = Math.min(width * 0.36, this.gutter ?? 84);
    const columns = Math.max(4, Math.floor((width - this.left - 4) / narrowest));
    this.abort?.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    this.asking = true;
    const began = performance.now(), slow = quiet ? 0 : setTimeout(() => this.say("Reading digests"), 250);
    if (!quiet) this.scroll.setAttribute("aria-busy", "true");
    try {
      const data = await this.load({ from: this.from, to: this.to, columns }, AbortSignal.any([signal, this.c.signal]));
      if (signal.aborted || this.c.signal.aborted) return;
      this.data = data;
      this.say("");
    } catch (e) {
      if (signal.aborted || this.c.signal.aborted) return;
      this.say(words(e));
    } finally {
      clearTimeout(slow);
      if (!signal.aborted) {
        this.scroll.setAttribute("aria-busy", "false");
        setTimeout(() => {
          if (signal.aborted) return;
          this.asking = false;
          if (this.stale) this.refresh();
        }, Math.max(pause, performance.now() - began));
      }
    }
    const all = this.from === this.first && this.to === this.end;
    this.address({ from: all ? null : this.from, to: all ? null : this.to });
    if (!this.data) return;
    const { from, to, step } = this.data;
    this.range.textContent = (to - from === 1 ? `tick ${number(from)}` : `ticks ${number(from)} to ${number(to - 1)}`) + (step > 1 ? `, ${number(step)} in a cell` : "");
    this.scroll.setAttribute("aria-colcount", this.data.columns);
    this.draw();
    if (this.tick !== null) this.announce();
  }

  draw() { draw(this); }

  print(paper) {
    this.paper = paper;
    this.draw();
  }

  say(text) {
    this.message.textContent = visible(text);
    this.message.hidden = !text;
  }

  // The chosen cell.

  column(tick = this.tick ?? this.data.from) { return clamp(Math.floor((tick - this.data.from) / this.data.step), 0, this.data.columns - 1); }

  span(column) {
    const from = this.data.from + column * this.data.step;
    return { from, to: Math.min(from + this.data.step, this.data.to) };
  }

  choose(row, column) {
    if (!this.data) return;
    this.row = clamp(row, 0, this.rows.count - 1);
    this.tick = this.span(clamp(column, 0, this.data.columns - 1)).from;
    this.reveal();
    this.announce();
    this.draw();
    this.address({ row: this.row, at: this.tick });
  }

  reveal() {
    const top = axisHeight + this.row * rowHeight, s = this.scroll;
    if (top - axisHeight < s.scrollTop) s.scrollTop = top - axisHeight;
    else if (top + rowHeight > s.scrollTop + s.clientHeight) s.scrollTop = top + rowHeight - s.clientHeight + 4;
  }

  announce() {
    const column = this.column(), at = this.span(column), cell = this.data.cell(this.row, column);
    this.line.setAttribute("aria-rowindex", this.row + 1);
    this.cell.setAttribute("aria-colindex", column + 1);
    const note = this.rows.note?.(this.row);
    this.cell.textContent = visible(`${this.rows.name(this.row)}${note ? ` (${note})` : ""}, ${at.to - at.from === 1 ? "tick " + at.from : `ticks ${at.from} to ${at.to - 1}`}: ${cell.text}`);
    this.scroll.setAttribute("aria-activedescendant", this.cell.id);
    this.chosen?.(this.row, at, cell);
  }

  enter() {
    if (this.tick === null) return;
    const at = this.span(this.column());
    if (at.to - at.from === 1) this.open?.(this.row, at.from);
    else this.show(at.from - 2 * this.data.step, at.to + 2 * this.data.step);
  }

  // next goes to the next cell that differs: the keys are for it from then on.
  next(direction) {
    this.jump(direction);
    this.scroll.focus({ preventScroll: true });
  }

  // jump chooses the next cell that differs, row by row in the order of ticks.
  jump(direction) {
    if (!this.data) return;
    const { columns } = this.data, total = columns * this.rows.count;
    let at = this.tick === null ? (direction > 0 ? -1 : total) : this.column() * this.rows.count + this.row;
    for (let i = 0; i < total; i++) {
      at = (at + direction + total) % total;
      const row = at % this.rows.count, column = Math.floor(at / this.rows.count);
      if (this.differing(this.data.cell(row, column))) return this.choose(row, column);
    }
  }

  // The mouse.

  at(e) {
    if (!this.data) return null;
    const box = this.canvas.getBoundingClientRect();
    const x = e.clientX - box.left - this.left, y = e.clientY - box.top;
    const column = Math.floor(x / this.cellWidth), row = Math.floor((y + this.scroll.scrollTop - axisHeight) / rowHeight);
    if (y < axisHeight || column >= this.data.columns || row < 0 || row >= this.rows.count) return null;
    return { row, column };
  }

  clicked(e, twice) {
    const at = this.at(e);
    if (!at) return;
    if (at.column < 0) return this.openRow?.(at.row);
    const again = this.tick !== null && at.row === this.row && at.column === this.column();
    this.choose(at.row, at.column);
    if (twice || again) this.enter();
  }

  hint(e) {
    const at = this.at(e);
    this.canvas.style.cursor = at ? "pointer" : "";
    if (at && at.column < 0 && this.rows.hint?.(at.row)) this.canvas.title = visible(`${this.rows.name(at.row)}, ${this.rows.hint(at.row)}`);
    else if (!at || at.column < 0) this.canvas.removeAttribute("title");
    if (!at || at.column < 0) return;
    const span = this.span(at.column);
    this.canvas.title = visible(`${this.rows.name(at.row)}, tick ${span.from}${span.to - span.from > 1 ? "–" + (span.to - 1) : ""}: ${this.data.cell(at.row, at.column).text}`);
  }
}

export const clamp = (n, least, most) => Math.max(least, Math.min(most, Number.isFinite(n) ? n : least));

// cells makes a look-up by column of stretches [value, columns].
export function cells(stretches, columns) {
  const values = new Array(columns).fill(-1);
  let at = 0;
  for (const [value, n] of stretches) {
    values.fill(value, at, at + n);
    at += n;
  }
  return values;
}
