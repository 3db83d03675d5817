// @ts-check
/**
 * Time that a participant spent on a break with the page in view. The arena itself counts the time during which the page
 * was hidden, so that only the rest is added here and nothing counts twice.
 */

/** @param {() => number} now  monotonic, ms */
export function createBreaks(now = () => performance.now()) {
  let total = 0;
  /** @type {number | null} */
  let since = null;
  let resting = false;
  let hidden = false;

  function countUp() {
    if (since !== null) total += now() - since;
    since = resting && !hidden ? now() : null;
  }

  return {
    rest() {
      resting = true;
      countUp();
    },
    goOn() {
      resting = false;
      countUp();
    },
    /** @param {boolean} isHidden */
    visibility(isHidden) {
      hidden = isHidden;
      countUp();
    },
    /** A new trial begins. */
    reset() {
      total = 0;
      since = null;
      countUp();
    },
    /** ms */
    total() {
      countUp();
      return total;
    },
  };
}

/**
 * The result with the breaks counted as time away.
 * @template {{duration: number, hidden: number}} T
 * @param {T} result
 * @param {number} rested  ms
 * @returns {T}
 */
export function withBreaks(result, rested) {
  return { ...result, hidden: Math.min(result.duration, Math.round(result.hidden + rested)) };
}
