import { axesOf, type View } from './camera';

/** Pixels from the pointer to a point that it still means. */
const REACH = 14;

/**
 * The row of the point nearest to a place on the stage; -1 where none is within reach. Of points as close to it, the
 * one in front. Places [N, 3] are in the units of the view; a hidden point is passed over.
 */
export function nearestPoint(
  places: Float32Array,
  view: View,
  [width, height]: readonly [number, number],
  [left, top]: readonly [number, number],
  isHidden: (row: number) => boolean,
): number {
  // The pointer in units of the screen, the reach with it; no objects in the loop, for there may be 50,000 points.
  const half = (Math.min(width, height) / 2) * view.zoom;
  const [atX, atY] = [(left - width / 2) / half - view.x, (height / 2 - top) / half - view.y];
  const [[rx, ry, rz], [ux, uy, uz], [dx, dy, dz]] = axesOf(view);
  const pixel = 1 / half;
  let best = -1;
  let depth = -Infinity;
  let closest = REACH * pixel;
  for (let p = 0; p < places.length / 3; p++) {
    const x = places[3 * p]!;
    const y = places[3 * p + 1]!;
    const z = places[3 * p + 2]!;
    const awayX = rx * x + ry * y + rz * z - atX;
    const awayY = ux * x + uy * y + uz * z - atY;
    const square = awayX * awayX + awayY * awayY;
    if (square > (closest + pixel) ** 2) continue;
    const away = Math.sqrt(square);
    const near = dx * x + dy * y + dz * z;
    if ((away > closest - pixel && near < depth) || isHidden(p)) continue;
    best = p;
    closest = Math.min(closest, away);
    depth = near;
  }
  return best;
}
