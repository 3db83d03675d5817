/** Seeded random numbers for property tests (mulberry32). */

/** @param {number} seed @returns {() => number} uniform in [0, 1) */
export function random(seed) {
  let state = seed + 0x6d2b79f5;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const between = (rng, low, high) => low + (high - low) * rng();
export const choose = (rng, list) => list[Math.floor(rng() * list.length)];
