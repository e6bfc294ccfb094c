// Arrow keys on a drawing: the nearest box in that direction. A frame counts as its head line only, so that
// it can be reached from above and its content from it.
import { HEAD } from './nest.js';

// Up and down go to the next row, even some way aside; left and right stay in the row.
const SIDEWAYS = { vertical: 0.35, horizontal: 2.5 };

/** The id of the best next box from `id` towards `(dx, dy)`, or null at the border. */
export function moveFocus(boxes, id, dx, dy) {
  const points = boxes.map((box) => ({
    id: box.entry.id,
    x: box.x + box.width / 2,
    y: box.y + (box.open ? HEAD : box.height) / 2,
  }));
  const from = points.find((point) => point.id === id);
  if (!from) return points[0]?.id ?? null;
  let best = null;
  let least = Infinity;
  for (const point of points) {
    const along = (point.x - from.x) * dx + (point.y - from.y) * dy;
    if (point === from || along <= 2) continue;
    const across = Math.abs((point.x - from.x) * dy) + Math.abs((point.y - from.y) * dx);
    const cost = along + across * (dy ? SIDEWAYS.vertical : SIDEWAYS.horizontal);
    if (cost < least) {
      least = cost;
      best = point.id;
    }
  }
  return best;
}
