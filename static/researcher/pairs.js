// @ts-check
/** Condensed vectors: SciPy's order, the upper triangle row by row. Pure functions. */

/**
 * Place of the pair (i, j) in a condensed vector of n items.
 * @param {number} i
 * @param {number} j different from i
 * @param {number} n
 */
export function pairIndex(i, j, n) {
  const low = Math.min(i, j);
  const high = Math.max(i, j);
  return n * low - (low * (low + 1)) / 2 + high - low - 1;
}

/**
 * Smallest and largest value that is there.
 * @param {(number | null)[]} values
 * @returns {[number, number] | null} null when every value is missing
 */
export function range(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value !== null) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : null;
}

/**
 * The items in study order, for an order that is not given.
 * @param {number} n
 */
export function studyOrder(n) {
  return Array.from({ length: n }, (_, item) => item);
}

/**
 * Items in the order of their ranks, those of one rank as in `clusters`; as `order_by` in analysis/results/structure.py.
 * @param {number[] | undefined} ranks undefined: as in `clusters`
 * @param {number[]} clusters
 */
export function orderBy(ranks, clusters) {
  return ranks ? [...clusters].sort((a, b) => ranks[a] - ranks[b]) : clusters;
}
