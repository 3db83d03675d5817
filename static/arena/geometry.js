// @ts-check
/**
 * Pure geometry of the arena. Two systems of coordinates:
 *
 * - arena units: centre (0, 0), diameter 1, x to the right, y up. All that is stored is in arena units.
 * - pixels: CSS pixels inside the stage, origin at its upper left corner, y down.
 *
 * A `view` {zoom, x, y} says which arena point lies at the box's centre and how much it is magnified; a `box`
 * {x, y, diameter} says where the circle lies in the stage, in pixels, at zoom 1.
 *
 * @typedef {{x: number, y: number}} Point
 * @typedef {{zoom: number, x: number, y: number}} View
 * @typedef {{x: number, y: number, diameter: number}} Box
 */

export const RADIUS = 0.5;
export const WHOLE = Object.freeze({ zoom: 1, x: 0, y: 0 });
export const MAX_ZOOM = 8;

// Clamped points end this far inside the circle, so that rounding never puts them outside.
const JUST_INSIDE = RADIUS * (1 - 1e-12);
const FIT_ROUNDS = 60;

/** @param {Point} point arena units @param {View} view @param {Box} box @returns {Point} pixels */
export function toPixels(point, view, box) {
  const scale = box.diameter * view.zoom;
  return { x: box.x + (point.x - view.x) * scale, y: box.y - (point.y - view.y) * scale };
}

/** @param {Point} pixel @param {View} view @param {Box} box @returns {Point} arena units */
export function toArena(pixel, view, box) {
  const scale = box.diameter * view.zoom;
  return { x: view.x + (pixel.x - box.x) / scale, y: view.y - (pixel.y - box.y) / scale };
}

/**
 * Clips grow with the root of the magnification: they become larger, and crowded ones come apart.
 * @param {number} zoom
 */
export const magnified = (zoom) => Math.sqrt(zoom);

/** @param {Point} point @returns {boolean} whether the point lies in the circle, its edge included */
export function isInside(point) {
  return point.x * point.x + point.y * point.y <= RADIUS * RADIUS;
}

/** @param {Point} point @returns {Point} the point itself, or the nearest point of the circle's edge */
export function clampToCircle(point) {
  if (isInside(point)) return point;
  const factor = JUST_INSIDE / Math.hypot(point.x, point.y);
  return { x: point.x * factor, y: point.y * factor };
}

/**
 * The shift nearest to the wanted one that keeps every point in the circle, so that a group slides along the edge
 * without losing its shape. Projections onto the discs of allowed shifts, in turn; what is left over after
 * FIT_ROUNDS is cut off along the way back to "no shift", which is always allowed.
 *
 * @param {Point[]} points all inside the circle
 * @param {Point} shift
 * @returns {Point}
 */
export function fitShift(points, shift) {
  let { x, y } = shift;
  for (let round = 0, moved = true; moved && round < FIT_ROUNDS; round += 1) {
    moved = false;
    for (const point of points) {
      const there = { x: point.x + x, y: point.y + y };
      if (isInside(there)) continue;
      const clamped = clampToCircle(there);
      x = clamped.x - point.x;
      y = clamped.y - point.y;
      moved = true;
    }
  }
  let share = 1;
  for (const point of points) {
    if (!isInside({ x: point.x + x, y: point.y + y })) share = Math.min(share, shareOfShift(point, { x, y }));
  }
  if (share === 1) return { x, y };
  const safe = share * (1 - 1e-9);
  return { x: x * safe, y: y * safe };
}

/**
 * The largest a in [0, 1] for which point + a * shift is inside the circle: the root of a quadratic.
 * @param {Point} point
 * @param {Point} shift
 */
function shareOfShift(point, shift) {
  const length2 = shift.x * shift.x + shift.y * shift.y;
  const along = point.x * shift.x + point.y * shift.y;
  const room = Math.max(0, RADIUS * RADIUS - point.x * point.x - point.y * point.y);
  return Math.min(1, Math.max(0, (Math.sqrt(along * along + length2 * room) - along) / length2));
}

/**
 * Places for a handful of clips gathered under the pointer: the first at (0, 0), the others on a grid around it,
 * drawn together where they would not fit into the circle.
 *
 * @param {number} count
 * @param {Point} pitch width and height of a grid cell, arena units
 * @returns {Point[]}
 */
export function gather(count, pitch) {
  const reach = Math.ceil(Math.sqrt(count));
  const cells = [];
  for (let row = -reach; row <= reach; row += 1) {
    for (let column = -reach; column <= reach; column += 1) cells.push({ x: column * pitch.x, y: row * pitch.y });
  }
  /** @param {Point} cell */
  const size = (cell) => Math.hypot(cell.x, cell.y);
  const chosen = cells.sort((a, b) => size(a) - size(b)).slice(0, count);
  const widest = Math.max(...chosen.map(size));
  const factor = widest > 0.8 * RADIUS ? (0.8 * RADIUS) / widest : 1;
  return chosen.map((cell) => ({ x: cell.x * factor, y: cell.y * factor }));
}

/**
 * The point itself, or where it lies too near to another one, the nearest point that keeps clear of it.
 *
 * @param {Point} point
 * @param {Point} other
 * @param {Point} clear half axes of the ellipse around `other` that has to stay free
 * @param {Point} towards which way to go where `point` lies on `other`
 * @returns {Point}
 */
export function keepClear(point, other, clear, towards) {
  const away = { x: (point.x - other.x) / clear.x, y: (point.y - other.y) / clear.y };
  const distance = Math.hypot(away.x, away.y);
  if (distance >= 1) return point;
  const way = distance > 0.02 ? away : { x: (towards.x - other.x) / clear.x, y: (towards.y - other.y) / clear.y };
  const length = Math.hypot(way.x, way.y);
  const unit = length > 0 ? { x: way.x / length, y: way.y / length } : { x: 1, y: 0 };
  return { x: other.x + unit.x * clear.x, y: other.y + unit.y * clear.y };
}

/**
 * @param {Point} point
 * @param {Point[]} polygon closed by itself
 * @returns {boolean} whether the point lies in the polygon (even-odd rule)
 */
export function inPolygon(point, polygon) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const a = polygon[i];
    const b = polygon[j];
    if (a.y > point.y !== b.y > point.y && point.x < ((b.x - a.x) * (point.y - a.y)) / (b.y - a.y) + a.x) {
      inside = !inside;
    }
  }
  return inside;
}

/**
 * Magnify around a fixed point.
 *
 * @param {View} view
 * @param {number} factor
 * @param {Point} point arena units; stays where it is on the screen as far as the limits allow
 * @param {Point} extent half width and half height of the stage, arena units
 * @returns {View}
 */
export function zoomAround(view, factor, point, extent) {
  const zoom = Math.min(MAX_ZOOM, Math.max(1, view.zoom * factor));
  const keep = view.zoom / zoom;
  return limitView({ zoom, x: point.x - (point.x - view.x) * keep, y: point.y - (point.y - view.y) * keep }, extent);
}

/**
 * Hold the view within the stage: at zoom 1 it is the whole, and no view shows more than the stage.
 * @param {View} view
 * @param {Point} extent
 * @returns {View}
 */
export function limitView(view, extent) {
  const slack = 1 - 1 / view.zoom;
  /** @param {number} value @param {number} limit */
  const hold = (value, limit) => Math.min(limit * slack, Math.max(-limit * slack, value)) || 0;
  return { zoom: view.zoom, x: hold(view.x, extent.x), y: hold(view.y, extent.y) };
}

/**
 * The view moved just so far that the point is shown, with a margin.
 *
 * @param {View} view
 * @param {Point} point arena units
 * @param {Point} extent half width and half height of the stage, arena units
 * @returns {View} the same object where nothing needs to move
 */
export function reveal(view, point, extent) {
  const room = { x: (0.85 * extent.x) / view.zoom, y: (0.85 * extent.y) / view.zoom };
  /** @param {number} centre @param {number} target @param {number} slack */
  const follow = (centre, target, slack) => Math.min(target + slack, Math.max(target - slack, centre));
  const x = follow(view.x, point.x, room.x);
  const y = follow(view.y, point.y, room.y);
  return x === view.x && y === view.y ? view : limitView({ zoom: view.zoom, x, y }, extent);
}
