// @ts-check
/**
 * Gentle hints about a finished layout: never a block. Pure.
 */

const SMALL = 0.45; // diameters between the two clips farthest apart: less than this leaves most of the arena unused
export const STACKED = 0.3; // of a clip's size: centres nearer than this hide each other

/**
 * @param {Object<string, {x: number, y: number}>} placed
 * @param {{x: number, y: number}} pitch a clip's width and height, arena units
 * @returns {'small'|'stacked'|null} the hint that matters most
 */
export function hintFor(placed, pitch) {
  const points = Object.values(placed);
  if (points.length < 3) return null;
  let farthest = 0;
  let stacked = 0;
  for (let i = 0; i < points.length; i += 1) {
    for (let j = 0; j < i; j += 1) {
      const dx = points[i].x - points[j].x;
      const dy = points[i].y - points[j].y;
      farthest = Math.max(farthest, Math.hypot(dx, dy));
      if (Math.hypot(dx / pitch.x, dy / pitch.y) < STACKED) stacked += 1;
    }
  }
  if (farthest < SMALL) return 'small';
  return stacked > 0 ? 'stacked' : null;
}

/**
 * @returns {string} the hint in words, or ''
 * @param {'small'|'stacked'|null} hint
 * @param {import('../task/text.js').Translate} t
 */
export function hintText(hint, t) {
  if (hint === 'small') return t('You can use the whole circle: the farther apart, the more different.');
  if (hint === 'stacked') return t('Some clips lie on top of each other, as if there were no difference between them.');
  return '';
}
