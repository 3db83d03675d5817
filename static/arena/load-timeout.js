// @ts-check
/**
 * When to give up on a file that does not fail and does not play either. Waiting adds up over all attempts at a clip, and
 * playing takes it off again, so that neither a trickle of bytes nor a pointer that comes and goes keeps anybody waiting.
 */

/** ms. A clip has two files at most: it is given up on in well under 30 s. */
export const PATIENCE = 9_000;

/**
 * @param {number} limit ms
 * @returns {(id: string, ms: number, playing: boolean) => boolean} notes how the last `ms` went; true when patience is at
 *   its end, and then it starts over
 */
export function createPatience(limit = PATIENCE) {
  const waited = new Map();
  return (id, ms, playing) => {
    const total = Math.max(0, (waited.get(id) ?? 0) + (playing ? -ms : ms));
    waited.set(id, total < limit ? total : 0);
    return total >= limit;
  };
}
