// What a camera watches, as it is being drawn: lines, areas, masks and body, in fractions.
const NAME = /^[a-z0-9][a-z0-9_-]{0,62}$/;
const KINDS = ["lines", "areas", "masks"];

export function copy(sketch) {
  return JSON.parse(JSON.stringify(sketch));
}

export function rounded(value) {
  return Math.round(Math.min(1, Math.max(0, value)) * 1e4) / 1e4;
}

export function pointsOf(sketch, { kind, n }) {
  if (kind === "lines") return [sketch.lines[n].start, sketch.lines[n].end];
  if (kind === "areas") return sketch.areas[n].polygon;
  return kind === "masks" ? sketch.masks[n] : [];
}

export function setPoints(sketch, { kind, n }, points) {
  if (kind === "lines") [sketch.lines[n].start, sketch.lines[n].end] = points;
  if (kind === "areas") sketch.areas[n].polygon = points;
  if (kind === "masks") sketch.masks[n] = points;
}

export function shapesOf(sketch) {
  return KINDS.flatMap((kind) => sketch[kind].map((_, n) => ({ kind, n })));
}

export function freeName(sketch, taken) {
  const names = new Set([...Object.keys(taken), ...sketch.lines.map((line) => line.name)]);
  let n = 1;
  while (names.has(`line-${n}`)) n += 1;
  return `line-${n}`;
}

// What is wrong with the name of a line: a key of the words, and whose it is already.
export function nameFault(sketch, n, taken) {
  const name = sketch.lines[n].name;
  if (!NAME.test(name)) return { word: "badName" };
  if (name in taken) return { word: "nameElsewhere", whose: taken[name] };
  return sketch.lines.some((line, m) => m !== n && line.name === name) ? { word: "nameTwice" } : null;
}

// What differs between two sketches: [word, kind, name]. A mask has no name but its number.
export function changes(before, after) {
  return [
    ...named(before.lines, after.lines, "line", (line) => line.name),
    ...named(before.areas, after.areas, "area", (area) => area.zone),
    ...counted(before.masks, after.masks),
    ...(before.body === after.body ? [] : [["changed", "body", after.body === null ? "" : percent(after.body)]]),
  ];
}

export function percent(share) {
  return `${Math.round(share * 1000) / 10} %`;
}

function named(before, after, kind, name) {
  const keyed = (shapes) => {
    const times = {};
    return new Map(shapes.map((shape) => {
      const own = name(shape);
      times[own] = (times[own] ?? 0) + 1;
      return [times[own] > 1 ? `${own} (${times[own]})` : own, JSON.stringify(shape)];
    }));
  };
  const [old, fresh] = [keyed(before), keyed(after)];
  return [
    ...[...fresh].filter(([key]) => !old.has(key)).map(([key]) => ["added", kind, key]),
    ...[...fresh].filter(([key, text]) => old.has(key) && old.get(key) !== text).map(([key]) => ["changed", kind, key]),
    ...[...old].filter(([key]) => !fresh.has(key)).map(([key]) => ["removed", kind, key]),
  ];
}

function counted(before, after) {
  const [old, fresh] = [before, after].map((masks) => masks.map((mask) => JSON.stringify(mask)));
  const gone = old.filter((mask) => !fresh.includes(mask)).length;
  const come = fresh.filter((mask) => !old.includes(mask)).length;
  const moved = Math.min(gone, come);
  return [
    ...Array(moved).fill(["changed", "mask", ""]),
    ...Array(come - moved).fill(["added", "mask", ""]),
    ...Array(gone - moved).fill(["removed", "mask", ""]),
  ];
}
