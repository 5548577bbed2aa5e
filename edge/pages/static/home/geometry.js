// Geometry of the plan in CSS pixels.

export const TOUCH = 22; // half of the 44 px that a finger needs

const canvas = document.createElement("canvas").getContext("2d");

export function textWidth(text, size, weight = 400) {
  canvas.font = `${weight} ${size}px Roboto, "Noto Sans CJK SC", sans-serif`;
  return canvas.measureText(text).width;
}

export function distanceToBox(x, y, box) {
  const across = Math.max(box.x - x, 0, x - box.x - box.width);
  const down = Math.max(box.y - y, 0, y - box.y - box.height);
  return Math.hypot(across, down);
}

export function overlap(one, other) {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

// Moves marks that would cover each other apart, and keeps them inside the plan.
export function spread(marks, gap, width, height) {
  const placed = marks.map((mark) => ({ ...mark }));
  for (let round = 0; round < 12; round++) {
    for (let i = 0; i < placed.length; i++) {
      for (let j = i + 1; j < placed.length; j++) separate(placed[i], placed[j], gap);
    }
  }
  for (const mark of placed) {
    mark.x = Math.min(Math.max(mark.x, gap / 2), width - gap / 2);
    mark.y = Math.min(Math.max(mark.y, gap / 2), height - gap / 2);
  }
  return placed;
}

function separate(one, other, gap) {
  const across = other.x - one.x || 0.01;
  const down = other.y - one.y;
  const distance = Math.hypot(across, down);
  if (distance >= gap) return;
  const push = (gap - distance) / 2 / distance;
  one.x -= across * push;
  one.y -= down * push;
  other.x += across * push;
  other.y += down * push;
}
