// The cells of a grid: each kind is told by its form and its letter, and by colour.

import { letter } from "./dom.js";

let known = null, knownFor = "";

// palette reads the colours of the style sheet, as they are now; on paper they are the light
// ones.
export function palette(paper) {
  const root = document.documentElement;
  const now = `${paper ? "paper" : root.dataset.theme ?? ""}${matchMedia("(prefers-color-scheme: dark)").matches}`;
  if (known && knownFor === now) return known;
  const probe = document.createElement("i");
  if (paper) probe.style.colorScheme = "light";
  root.append(probe);
  const read = (name) => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  known = {
    ink: read("ink"), soft: read("soft"), faint: read("line"), ground: read("ground"), focus: read("focus"), on: read("on-group"),
    groups: Array.from({ length: 8 }, (_, i) => read(`group-${i}`)), heat: read("heat"), bad: read("fail"), skip: read("inconclusive"),
    font: getComputedStyle(root).getPropertyValue("--sans"), mono: getComputedStyle(root).getPropertyValue("--mono"),
  };
  probe.remove();
  knownFor = now;
  return known;
}

export function paint(p, colors, cell, x, y, width, height) {
  painters[cell.kind]?.(p, colors, cell, x, y, Math.max(width, 1), height);
}

const gap = (width) => width > 5 ? 1 : 0;

const painters = {
  // Equal to the largest group: a low bar, so that what differs stands out by height.
  group(p, colors, cell, x, y, width, height) {
    const same = cell.index === 0, low = width < 14 && same ? 8 : 3;
    p.fillStyle = colors.groups[cell.index % 8];
    p.fillRect(x, y + low, width - gap(width), height - 2 * low);
    if (!same && width < 14) hatch(p, colors, cell.index, x, y + low, width - gap(width), height - 2 * low);
    if (width < 14) return;
    p.fillStyle = same ? colors.ink : colors.on;
    p.textAlign = "center";
    p.textBaseline = "middle";
    p.font = `${same ? "" : "700 "}12px ${colors.font}`;
    const name = letter(cell.index);
    if (cell.digest && width >= 78) {
      p.textAlign = "left";
      p.fillText(name, x + 7, y + height / 2 + 1);
      p.font = `12px ${colors.mono}`;
      p.fillText(cell.digest, x + 22, y + height / 2 + 1);
    } else {
      p.fillText(name, x + width / 2, y + height / 2 + 1);
    }
  },
  nothing(p, colors, _, x, y, width, height) {
    p.fillStyle = colors.faint;
    p.fillRect(x, y + height / 2 - 1, Math.max(1, width - 3), 2);
  },
  unread(p, colors, _, x, y, width, height) {
    p.strokeStyle = colors.soft;
    p.lineWidth = 1;
    p.strokeRect(x + 1.5, y + 6.5, Math.max(1, width - 4), height - 13);
  },
  // A task's turn: a bar as high as what it spent, hollow when skipped, full and marked
  // when it failed.
  ok(p, colors, cell, x, y, width, height) {
    const h = Math.max(3, (height - 10) * cell.level);
    p.globalAlpha = 0.6;
    p.fillStyle = colors.heat;
    p.fillRect(x, y + height - 5 - h, width - gap(width), h);
    p.globalAlpha = 1;
  },
  skipped(p, colors, cell, x, y, width, height) {
    p.strokeStyle = colors.skip;
    p.lineWidth = 1.5;
    const h = width < 12 ? 6 : 14;
    p.strokeRect(x + 0.75, y + height - 5.75 - h, Math.max(1, width - 2.5), h);
    mark(p, colors.skip, "–", x, y + height - 6 - h, width, h);
  },
  error(p, colors, cell, x, y, width, height) {
    p.fillStyle = colors.bad;
    p.fillRect(x, y + 3, width - gap(width), height - 6);
    mark(p, colors.on, "✕", x, y, width, height);
  },
  nocompute(p, colors, cell, x, y, width, height) {
    p.fillStyle = colors.groups[5];
    p.fillRect(x, y + 3, width - gap(width), height - 6);
    mark(p, colors.on, "∅", x, y, width, height);
  },
  // A part of the budget: the fuller, the darker and the higher.
  heat(p, colors, cell, x, y, width, height) {
    const level = Math.min(1, cell.level), h = Math.round((height - 6) * level);
    p.fillStyle = colors.heat;
    p.globalAlpha = 0.1;
    p.fillRect(x, y + 3, width - gap(width), height - 6);
    p.globalAlpha = 0.25 + 0.75 * level * level;
    p.fillRect(x, y + height - 3 - h, width - gap(width), h);
    p.globalAlpha = 1;
    if (width < 48) return;
    p.fillStyle = level > 0.75 ? colors.on : colors.ink;
    p.textAlign = "center";
    p.textBaseline = "middle";
    p.font = `12px ${colors.font}`;
    p.fillText(cell.percent, x + width / 2, y + height / 2 + 1);
  },
};

function mark(p, color, text, x, y, width, height) {
  if (width < 12) return;
  p.fillStyle = color;
  p.font = "700 12px sans-serif";
  p.textAlign = "center";
  p.textBaseline = "middle";
  p.fillText(text, x + width / 2, y + height / 2 + 1);
}

// hatch tells groups apart in cells that have no room for a letter: the more bars, the
// later the letter.
function hatch(p, colors, index, x, y, width, height) {
  const bars = (index - 1) % 4;
  p.fillStyle = colors.on;
  for (let i = 1; i <= bars; i++) p.fillRect(x, y + Math.round(i * height / (bars + 1)) - 1, width, 2);
}
