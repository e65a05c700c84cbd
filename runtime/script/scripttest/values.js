// Comparing values and showing them, for the kit of tests.

export const matches = (text, pattern) => (pattern instanceof RegExp ? pattern.test(text) : text.includes(pattern));

// equal compares values by what is in them; partly looks at the fields of b alone.
export function equal(a, b, partly = false, above = []) {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (above.some(([x, y]) => x === a && y === b)) return true;
  const inner = [...above, [a, b]];
  if (Array.isArray(a) !== Array.isArray(b) || kind(a) !== kind(b)) return false;
  if (Array.isArray(a)) return a.length === b.length && a.every((item, i) => equal(item, b[i], partly, inner));
  if (a instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Map) return a.size === b.size && [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key), partly, inner));
  if (a instanceof Set) return a.size === b.size && [...a].every((item) => [...b].some((other) => equal(item, other, partly, inner)));
  if (a instanceof Error && (a.name !== b.name || a.message !== b.message)) return false;
  if (!partly && filled(a).length !== filled(b).length) return false;
  return filled(b).every((key) => equal(a[key], b[key], partly, inner));
}

const kind = (o) => [Date, RegExp, Map, Set, Error].find((type) => o instanceof type);

// filled are the keys that have a value: to answer undefined is to leave a field out.
const filled = (o) => Object.keys(o).filter((key) => o[key] !== undefined);

const longest = 20000; // characters of a shown value
const most = 500; // items of a list, and keys

// show is a value as a person reads it.
export function show(value) {
  const text = shown(value, "", []);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function shown(value, indent, above) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.slice(0, longest));
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return value.name ? `the function ${value.name}` : "a function";
    case "object":
      break;
    default:
      return String(value);
  }
  if (value === null || value instanceof RegExp || value instanceof Error) return String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "an invalid Date" : `Date ${value.toISOString()}`;
  if (value instanceof Promise) return "a promise: await it";
  if (above.includes(value)) return "(the same again)";
  if (above.length > 20) return "…";
  const inner = [...above, value];
  const deeper = `${indent}  `;
  const item = (one) => shown(one, deeper, inner);
  const list = (open, all, text, close) => {
    const items = all.slice(0, most).map(text);
    if (all.length > most) items.push(`… ${all.length - most} more`);
    const gap = open.endsWith("{") && items.length ? " " : "";
    const short = open + gap + items.join(", ") + gap + close;
    if (items.length === 0 || (indent.length + short.length <= 60 && !short.includes("\n"))) return short;
    return `${open}\n${items.map((line) => `${deeper}${line},\n`).join("")}${indent}${close}`;
  };
  if (Array.isArray(value)) return list("[", value, item, "]");
  if (value instanceof Set) return list("Set [", [...value], item, "]");
  if (value instanceof Map) return list("Map {", [...value], ([key, one]) => `${item(key)} => ${item(one)}`, "}");
  const name = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));
  return list("{", filled(value), (key) => `${name(key)}: ${item(value[key])}`, "}");
}
