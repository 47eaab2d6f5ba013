// Texts from the streams, as they can be shown: nothing in them hides, turns other text
// around, or looks like nothing.

// What is no letter, mark, number, punctuation, symbol or plain blank, and what of these is
// not drawn. Variation selectors belong to emoji: they count where a difference is shown.
const hidden = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]|(?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}])\p{DI}|\u2800/gu;
const selectors = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

// visible writes what cannot be seen as an escape, as reports do. e is the element that the
// text is for: lines stay lines in a pre.
export function visible(text, e) {
  const kind = e?.tagName;
  const shown = text.replace(hidden, (c) => c === "\n" && kind === "PRE" ? c : escaped(c));
  return kind === "MARK" ? shown.replace(selectors, escaped) : shown;
}

function escaped(c) {
  if (c === "\n") return "\\n";
  if (c === "\t") return "\\t";
  const code = c.codePointAt(0);
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

const segmenter = new Intl.Segmenter("en");

// clusters cuts a text into what a reader takes for characters; a very long one into code
// points.
export function clusters(text) {
  return text.length > 50_000 ? [...text] : Array.from(segmenter.segment(text), (s) => s.segment);
}

// lookAlike tells the first characters that differ apart by their code points, where they
// may look the same; null: they do not.
export function lookAlike(a, b) {
  const [x, y] = [clusters(a), clusters(b)];
  const i = x.findIndex((c, at) => c !== y[at]);
  if (i < 0 || i >= y.length || !/[^\x20-\x7e]/.test(x[i] + y[i])) return null;
  const codes = (c) => [...c].map((p) => "U+" + p.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")).join(" ");
  return `The first character that differs: ${visible(x[i])} is ${codes(x[i])}, ${visible(y[i])} is ${codes(y[i])}.`;
}
