/** Comparing a practice arrangement with its known layout. Pure. Arena units throughout. */

const CLOSE = 0.8;
const PARTLY = 0.5;

/**
 * @typedef {import('./session.js').Placement} Placement
 * @param {Placement[]} placed
 * @param {Placement[]} target  the same clips
 * @returns {{r: number, verdict: 'close'|'partly'|'different'|'unknown',
 *   worst: {a: string, b: string, should: 'closer'|'apart'} | null, expected: Placement[]}}
 *   r: Pearson correlation of the distances, NaN where all are equal; verdict: unknown where the known layout has but
 *   one distance; worst: the pair whose distance is most off, where something is off; expected: the known layout
 *   turned, mirrored and scaled to lie over what was placed
 */
export function comparePractice(placed, target) {
  const at = new Map(placed.map((placement) => [placement.clip, placement]));
  const pairs = [];
  target.forEach((a, i) => {
    for (const b of target.slice(i + 1)) {
      pairs.push({ a: a.clip, b: b.clip, is: distance(at.get(a.clip), at.get(b.clip)), should: distance(a, b) });
    }
  });
  const r = pearson(pairs.map(({ is }) => is), pairs.map(({ should }) => should));
  const verdict = verdictOf(r, pairs);
  const worst = verdict === 'partly' || verdict === 'different' ? worstPair(pairs) : null;
  return { r, verdict, worst, expected: overlay(target, at) };
}

function verdictOf(r, pairs) {
  const [first] = pairs;
  if (pairs.every(({ should }) => Math.abs(should - first.should) < 1e-3)) return 'unknown';
  if (r >= CLOSE) return 'close';
  return r >= PARTLY ? 'partly' : 'different';
}

function distance(a, b) {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function pearson(u, v) {
  const [mu, mv] = [mean(u), mean(v)];
  const dot = (p, mp, q, mq) => p.reduce((sum, value, i) => sum + (value - mp) * (q[i] - mq), 0);
  return dot(u, mu, v, mv) / Math.sqrt(dot(u, mu, u, mu) * dot(v, mv, v, mv));
}

/** Scales the known distances to what was placed, so that only the pattern counts and not the size of the whole. */
function worstPair(pairs) {
  const squares = pairs.reduce((sum, { should }) => sum + should ** 2, 0);
  const scale = squares ? pairs.reduce((sum, { is, should }) => sum + is * should, 0) / squares : 0;
  // On one spot there is no scale to speak of; then the pair that belongs farthest apart is the one to name.
  const off = ({ is, should }) => is - (scale || 1) * should;
  const [pair] = [...pairs].sort((p, q) => Math.abs(off(q)) - Math.abs(off(p)));
  return pair ? { a: pair.a, b: pair.b, should: off(pair) > 0 ? 'closer' : 'apart' } : null;
}

/**
 * Least-squares similarity transform of `target` onto the placements (Procrustes). In two dimensions, with points as
 * complex numbers, a turn with scaling is one complex factor; a mirror image takes the conjugate first.
 */
function overlay(target, at) {
  const placed = target.map(({ clip }) => at.get(clip));
  const centre = (points) => ({ x: mean(points.map(({ x }) => x)), y: mean(points.map(({ y }) => y)) });
  const [from, to] = [centre(target), centre(placed)];
  const size = target.reduce((sum, { x, y }) => sum + (x - from.x) ** 2 + (y - from.y) ** 2, 0) || 1;
  const fits = [1, -1].map((mirror) => {
    let [re, im] = [0, 0];
    target.forEach((point, i) => {
      const [px, py] = [point.x - from.x, mirror * (point.y - from.y)];
      const [qx, qy] = [placed[i].x - to.x, placed[i].y - to.y];
      re += px * qx + py * qy;
      im += px * qy - py * qx;
    });
    return { mirror, re: re / size, im: im / size };
  });
  const best = fits.reduce((a, b) => (Math.hypot(b.re, b.im) > Math.hypot(a.re, a.im) ? b : a));
  return target.map(({ clip, x, y }) => {
    const [px, py] = [x - from.x, best.mirror * (y - from.y)];
    return { clip, x: to.x + px * best.re - py * best.im, y: to.y + px * best.im + py * best.re };
  });
}
