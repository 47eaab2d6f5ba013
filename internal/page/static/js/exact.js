// Reading JSON without losing what JavaScript's numbers cannot hold: 1.0 is not 1, and
// an integer of 64 bits keeps its last digit. NaN and Infinity are read as well.

const token = /[\s,:]*(?:([{}[\]])|("(?:[^"\\]|\\.)*")|([^\s,:{}[\]"]+))/y;

// tree reads a text into nodes: {text} for what has no parts, {text, open, parts} for
// arrays and objects; a part of an object has its key as well.
export function tree(text) {
  let at = 0;
  function next() {
    token.lastIndex = at;
    const m = token.exec(text);
    if (!m) throw new SyntaxError(`no JSON at ${at}`);
    at = token.lastIndex;
    return m;
  }
  function value(m) {
    if (m[1] !== "{" && m[1] !== "[") {
      if (m[1]) throw new SyntaxError(`${m[1]} at ${at}`);
      return { text: m[2] ?? m[3] };
    }
    const node = { open: m[1], parts: [], text: "" };
    const start = at - 1, close = m[1] === "{" ? "}" : "]";
    for (m = next(); m[1] !== close; m = next()) {
      if (node.open === "[") {
        node.parts.push(value(m));
        continue;
      }
      if (!m[2]) throw new SyntaxError(`no key at ${at}`);
      const part = value(next());
      part.key = m[2];
      node.parts.push(part);
    }
    node.text = text.slice(start, at);
    return node;
  }
  const root = value(next());
  if (text.slice(at).trim()) throw new SyntaxError(`more behind the value at ${at}`);
  return root;
}

// parse is JSON.parse, but numbers that JavaScript would change come as their text.
export function parse(text) { return plain(tree(text)); }

function plain(node) {
  if (node.open === "[") return node.parts.map(plain);
  if (node.open === "{") return Object.fromEntries(node.parts.map((p) => [JSON.parse(p.key), plain(p)]));
  if (node.text[0] === '"') return JSON.parse(node.text);
  if (node.text === "true" || node.text === "false" || node.text === "null") return JSON.parse(node.text);
  const n = Number(node.text);
  return Number.isSafeInteger(n) && String(n) === node.text ? n : node.text;
}

// lines writes a value for reading: one that is short in one line, others part by part.
// Each line has the pointer of what it shows.
export function lines(text, width = 72) {
  let root;
  try {
    root = tree(text);
  } catch { // cut off: as it is
    return text.match(/.{1,96}/gsu)?.map((t) => ({ text: t, depth: 0, pointer: "" })) ?? [];
  }
  const list = [];
  write(root, 0, "", "", "");
  return list;

  function write(node, depth, label, comma, pointer) {
    if (!node.open || node.parts.length === 0 || depth * 2 + label.length + node.text.length <= width) {
      list.push({ text: label + spaced(node) + comma, depth, pointer });
      return;
    }
    list.push({ text: label + node.open, depth, pointer });
    node.parts.forEach((part, i) => {
      const name = node.open === "{" ? JSON.parse(part.key).replaceAll("~", "~0").replaceAll("/", "~1") : i;
      write(part, depth + 1, part.key ? part.key + ": " : "", i + 1 < node.parts.length ? "," : "", `${pointer}/${name}`);
    });
    list.push({ text: (node.open === "{" ? "}" : "]") + comma, depth, pointer });
  }
}

function spaced(node) {
  if (!node.open) return node.text;
  const inner = node.parts.map((p) => (p.key ? p.key + ": " : "") + spaced(p)).join(", ");
  return node.open === "{" ? `{${inner}}` : `[${inner}]`;
}

// member returns the canonical text of a member of an object, or "".
export function member(text, name) {
  try {
    return tree(text).parts?.find((p) => JSON.parse(p.key) === name)?.text ?? "";
  } catch {
    return "";
  }
}
