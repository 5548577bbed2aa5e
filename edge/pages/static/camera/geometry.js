// Distances in pixels, and outlines in fractions of the picture.
export const TOUCH = 22;

export function distance([x, y], [u, v]) {
  return Math.hypot(x - u, y - v);
}

export function toSegment(place, start, end) {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const along = (place[0] - start[0]) * dx + (place[1] - start[1]) * dy;
  const share = Math.min(1, Math.max(0, along / (dx * dx + dy * dy || 1)));
  return distance(place, [start[0] + share * dx, start[1] + share * dy]);
}

export function sides(polygon) {
  return polygon.map((point, n) => [point, polygon[(n + 1) % polygon.length]]);
}

// Even-odd rule: a ray to the right crosses the outline an odd number of times.
export function holds(polygon, [x, y]) {
  let inside = false;
  for (const [[x1, y1], [x2, y2]] of sides(polygon)) {
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
  }
  return inside;
}

// Whether an outline meets itself: then nobody can tell what is inside.
export function crosses(polygon) {
  const edges = sides(polygon);
  return edges.some((one, m) =>
    edges.some((other, n) => n - m > 1 && n - m < edges.length - 1 && meet(...one, ...other)),
  );
}

function meet(start, end, begin, finish) {
  const turns = [turn(start, end, begin), turn(start, end, finish), turn(begin, finish, start), turn(begin, finish, end)];
  if (turns[0] * turns[1] < 0 && turns[2] * turns[3] < 0) return true;
  const ends = [[start, end, begin], [start, end, finish], [begin, finish, start], [begin, finish, end]];
  return ends.some(([one, other, point], n) => turns[n] === 0 && within(one, other, point));
}

function turn([x, y], [u, v], [p, q]) {
  return (u - x) * (q - y) - (v - y) * (p - x);
}

function within(start, end, point) {
  return [0, 1].every((n) => point[n] >= Math.min(start[n], end[n]) && point[n] <= Math.max(start[n], end[n]));
}

export function middle(points) {
  const sum = points.reduce(([x, y], [u, v]) => [x + u, y + v], [0, 0]);
  return sum.map((value) => value / points.length);
}

// "In" is to the right hand of someone who walks from start to end; y points down.
export function arrow(start, end, length) {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const long = Math.hypot(dx, dy) || 1;
  const way = [-dy / long, dx / long];
  const foot = middle([start, end]);
  const tip = [foot[0] + way[0] * length, foot[1] + way[1] * length];
  const wing = (side) => [
    tip[0] - way[0] * 9 + side * way[1] * 6,
    tip[1] - way[1] * 9 - side * way[0] * 6,
  ];
  return { foot, tip, way, head: [wing(1), tip, wing(-1)] };
}
