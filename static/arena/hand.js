// @ts-check
/**
 * What the participant holds: one clip or several, on the way from where they were to where they will be. Pure.
 *
 * A hand knows where its clips would come to lie if they were let go now (`shown`) and whether that is inside the
 * circle (`inside`). What is shown is what is committed: nothing moves at the moment of letting go, except that clips
 * let go outside the circle return to their seats.
 *
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {object} Hand
 * @property {string[]} ids the clips held, the one that was grabbed first
 * @property {'drag'|'click'|'key'} how
 * @property {Object<string, Point>} base where each clip lies at shift (0, 0): inside the circle, in formation
 * @property {Point} start arena point that counts as shift (0, 0)
 * @property {Point} shift what the formation is moved by
 * @property {Object<string, Point>|null} shown null while picked clips still lie where they were
 * @property {boolean} inside
 * @property {boolean} [touch] picked by a finger or pen: words speak of tapping
 */

import { RADIUS, clampToCircle, fitShift, gather } from './geometry.js';

/**
 * Take clips in hand. Clips from the arena keep their formation; waiting clips are gathered around the first.
 *
 * @param {string[]} ids the grabbed one first; all placed, or all waiting
 * @param {'drag'|'click'|'key'} how
 * @param {Object<string, Point>} placed
 * @param {Point} pitch distance of gathered clips, arena units
 * @returns {Hand}
 */
export function takeUp(ids, how, placed, pitch) {
  const cells = ids[0] in placed ? null : gather(ids.length, pitch);
  const base = Object.fromEntries(ids.map((id, index) => [id, cells ? cells[index] : placed[id]]));
  return { ids, how, base, start: { x: 0, y: 0 }, shift: { x: 0, y: 0 }, shown: null, inside: false };
}

/**
 * Follow the pointer. Within `reach` beyond the circle's edge the clips rest on the edge (a clip that touches the
 * circle is in it); further out they follow freely and would return to their seats.
 *
 * @param {Hand} hand
 * @param {Point} pointer arena units
 * @param {number} reach arena units
 * @returns {Hand}
 */
export function carry(hand, pointer, reach) {
  const shift = { x: pointer.x - hand.start.x, y: pointer.y - hand.start.y };
  const first = hand.base[hand.ids[0]];
  const free = Math.hypot(first.x + shift.x, first.y + shift.y) > RADIUS + reach;
  return free ? { ...hand, shift, shown: shifted(hand, shift), inside: false } : keepInside(hand, shift);
}

/**
 * Move by a step without ever leaving the circle (keys).
 * @param {Hand} hand
 * @param {number} dx
 * @param {number} dy
 * @returns {Hand}
 */
export function step(hand, dx, dy) {
  return keepInside(hand, { x: hand.shift.x + dx, y: hand.shift.y + dy });
}

/**
 * Bring the middle of the clips to a point of the circle, in formation (click to place).
 * @param {Hand} hand
 * @param {Point} point
 * @returns {Hand}
 */
export function bring(hand, point) {
  const points = Object.values(hand.base);
  /** @param {'x'|'y'} axis */
  const middle = (axis) => points.reduce((sum, each) => sum + each[axis], 0) / points.length;
  return keepInside(hand, { x: point.x - middle('x'), y: point.y - middle('y') });
}

/** @param {Hand} hand @param {Point} wanted @returns {Hand} */
function keepInside(hand, wanted) {
  const shift = fitShift(Object.values(hand.base), wanted);
  const shown = shifted(hand, shift);
  for (const id of hand.ids) shown[id] = clampToCircle(shown[id]);
  return { ...hand, shift, shown, inside: true };
}

/** @param {Hand} hand @param {Point} shift @returns {Record<string, Point>} */
function shifted(hand, shift) {
  return Object.fromEntries(hand.ids.map((id) => [id, { x: hand.base[id].x + shift.x, y: hand.base[id].y + shift.y }]));
}
