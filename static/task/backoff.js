// @ts-check
/** How long to wait before the next attempt: growing, bounded, and never the same for two browsers. */

const FIRST = 1_000;
const MAX_PAUSE = 30_000;

/**
 * @param {number} attempt  failed attempts so far, from 1
 * @param {number} retryAfter  ms that the server asked for, 0 if it asked for none
 * @param {() => number} random  uniform on [0, 1)
 * @returns {number} ms
 */
export function pauseBefore(attempt, retryAfter = 0, random = Math.random) {
  const ceiling = Math.min(MAX_PAUSE, FIRST * 2 ** Math.min(attempt - 1, 10));
  // Half of it is chance, so that a room of browsers does not come back in one moment after the server's restart.
  return Math.max(ceiling * (0.5 + random() / 2), Math.min(retryAfter, MAX_PAUSE * 2));
}
