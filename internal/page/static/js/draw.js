// Drawing a grid: the names of its rows, its cells, its axis and the chosen cell. On screen
// it is as wide as there is room, and has the rows in sight; on paper it is as wide as a
// page, and has all rows.

import { number } from "./dom.js";
import { visible } from "./text.js";
import { palette, paint } from "./paint.js";

export const rowHeight = 28, axisHeight = 26, tallest = 560;
const widest = 120; // pixels of a column
const paper = { width: 680, rows: 200 };

export function draw(g) {
  if (!g.data || !g.scroll.clientWidth) return;
  const at = g.paper ? onPaper(g) : { width: g.scroll.clientWidth, height: g.scroll.clientHeight, top: g.scroll.scrollTop };
  const { columns } = g.data, ratio = g.paper ? 2 : devicePixelRatio || 1, canvas = g.canvas;
  if (canvas.width !== at.width * ratio || canvas.height !== at.height * ratio) {
    canvas.width = at.width * ratio;
    canvas.height = at.height * ratio;
    canvas.style.width = `${at.width}px`;
    canvas.style.height = `${at.height}px`;
  }
  const p = canvas.getContext("2d");
  p.setTransform(ratio, 0, 0, ratio, 0, 0);
  p.clearRect(0, 0, at.width, at.height);
  const colors = palette(g.paper);
  g.cellWidth = Math.min(widest, (at.width - g.left - 4) / columns);
  const firstRow = Math.max(0, Math.floor(at.top / rowHeight));
  const lastRow = Math.min(g.rows.count - 1, Math.floor((at.top + at.height - axisHeight) / rowHeight));
  for (let row = firstRow; row <= lastRow; row++) {
    const y = axisHeight + row * rowHeight - at.top;
    drawName(g, p, colors, row, y);
    for (let column = 0; column < columns; column++) {
      paint(p, colors, g.data.cell(row, column), g.left + column * g.cellWidth, y, g.cellWidth, rowHeight);
    }
  }
  drawAxis(g, p, colors, at.width);
  drawChoice(g, p, colors, at.top);
}

// onPaper has all rows or, where they are more than fit a canvas, those around the first odd
// one.
function onPaper(g) {
  const rows = Math.min(g.rows.count, paper.rows);
  let odd = 0;
  while (odd < g.rows.count && !g.rows.odd?.(odd)) odd++;
  const first = odd < g.rows.count ? Math.min(Math.max(0, odd - rows / 2), g.rows.count - rows) : 0;
  return { width: paper.width, height: axisHeight + rows * rowHeight + 6, top: first * rowHeight };
}

function drawName(g, p, colors, row, y) {
  const strong = g.rows.strong?.(row) || g.rows.odd?.(row);
  p.font = `${strong ? "700 " : ""}13px ${colors.font}`;
  p.fillStyle = strong ? colors.ink : colors.soft;
  p.textBaseline = "middle";
  p.textAlign = "left";
  const name = fit(p, visible((g.rows.odd?.(row) ? "≠ " : "") + g.rows.name(row)), g.left - 10), note = g.rows.note?.(row);
  p.fillText(name, 2, y + rowHeight / 2);
  if (!note) return;
  const end = 10 + p.measureText(name).width;
  p.font = `13px ${colors.font}`;
  p.fillText(fit(p, note, g.left - 10 - end), end, y + rowHeight / 2);
}

function drawAxis(g, p, colors, width) {
  const { from, to, step, columns } = g.data;
  p.fillStyle = colors.ground;
  p.fillRect(0, 0, width, axisHeight - 2);
  p.font = `12px ${colors.font}`;
  p.fillStyle = colors.soft;
  p.textBaseline = "middle";
  p.textAlign = "left";
  p.fillText("tick", 2, axisHeight / 2 - 1);
  const room = p.measureText(number(to)).width + 18;
  let every = 1;
  for (let i = 1; every * g.cellWidth < room; i++) every = [1, 2, 5][i % 3] * 10 ** Math.floor(i / 3);
  const phase = (every - (from / step) % every) % every; // round numbers where there are
  for (let column = Number.isInteger(phase) ? phase : 0; column < columns; column += every) {
    const x = g.left + column * g.cellWidth, text = number(from + column * step);
    if (x + p.measureText(text).width > width) break;
    p.fillText(text, x + 2, axisHeight / 2 - 1);
  }
}

function drawChoice(g, p, colors, top) {
  if (g.tick === null || g.tick < g.data.from || g.tick >= g.data.to) return;
  const x = g.left + g.column() * g.cellWidth, y = axisHeight + g.row * rowHeight - top;
  if (y < axisHeight - rowHeight / 2) return;
  p.lineWidth = document.activeElement === g.scroll ? 3 : 2;
  p.strokeStyle = colors.focus;
  p.strokeRect(x - 0.5, y + 0.5, Math.max(g.cellWidth, 4) + 1, rowHeight - 1);
}

function fit(p, text, width) {
  if (p.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && p.measureText(text.slice(0, n) + "…").width > width) n--;
  return text.slice(0, n) + "…";
}
