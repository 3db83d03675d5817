// @ts-check
/** A map of three dimensions as it is seen from one side: x to the right, y upwards, z towards who looks. */

/** How far the eye is from the middle, where the farthest clip is 1 away from it: near clips look larger. */
const EYE = 3;
/** How far from the middle a clip can appear, however the map is turned. */
export const REACH = EYE / Math.sqrt(EYE ** 2 - 1);
/** How many times its size a clip appears at most. */
export const NEAREST = EYE / (EYE - 1);

/** @typedef {readonly number[]} Side  a rotation, three rows of three */

/** From the front: the map's first two axes, as on a flat map. @type {Side} */
export const FRONT = [1, 0, 0, 0, 1, 0, 0, 0, 1];

/**
 * @param {Side} side
 * @param {number} right radians that what is in front moves to the right
 * @param {number} up radians that what is in front moves upwards
 * @returns {Side}
 */
export function turned(side, right, up) {
  const [cosRight, sinRight, cosUp, sinUp] = [Math.cos(right), Math.sin(right), Math.cos(up), Math.sin(up)];
  const next = [...side];
  for (let axis = 0; axis < 3; axis += 1) {
    const [x, y, z] = [side[axis], side[3 + axis], side[6 + axis]];
    const towards = cosRight * z - sinRight * x;
    next[axis] = cosRight * x + sinRight * z;
    next[3 + axis] = cosUp * y + sinUp * towards;
    next[6 + axis] = cosUp * towards - sinUp * y;
  }
  return next;
}

/**
 * Where a place appears, and how many times its size.
 * @param {Side} side
 * @param {readonly number[]} place within 1 of the middle
 * @returns {{x: number, y: number, size: number}}
 */
export function seen(side, [x, y, z]) {
  const size = EYE / (EYE - (side[6] * x + side[7] * y + side[8] * z));
  return {
    x: size * (side[0] * x + side[1] * y + side[2] * z),
    y: size * (side[3] * x + side[4] * y + side[5] * z),
    size,
  };
}

/**
 * The places with the farthest 1 away from the middle.
 * @param {number[][]} places
 */
export function withinOne(places) {
  const farthest = Math.max(...places.map((place) => Math.hypot(...place))) || 1;
  return places.map((place) => place.map((value) => value / farthest));
}

/**
 * Where all places appear around the middle of a field, in pixels with y downwards, those behind first.
 * @param {Side} side
 * @param {readonly (readonly number[])[]} places within 1 of the middle
 * @param {number} radius pixels of 1
 * @returns {{item: number, x: number, y: number, size: number}[]} `item` is the index of the place
 */
export function fromBehind(side, places, radius) {
  return places
    .map((place, item) => {
      const { x, y, size } = seen(side, place);
      return { item, x: radius * x, y: -radius * y, size };
    })
    .sort((one, other) => one.size - other.size);
}
