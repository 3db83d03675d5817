// @ts-check
/** Monotonic time since now, and how much of it the page was hidden or had no room. */
export function startClock() {
  const start = performance.now();
  let hiddenSince = document.hidden ? start : null;
  let hiddenFor = 0;
  let resting = false;
  const change = () => {
    const time = performance.now();
    if (hiddenSince !== null) hiddenFor += time - hiddenSince;
    hiddenSince = document.hidden || resting ? time : null;
  };
  document.addEventListener('visibilitychange', change);
  return {
    now: () => performance.now() - start,
    hidden: () => hiddenFor + (hiddenSince === null ? 0 : performance.now() - hiddenSince),
    /** @param {boolean} isResting */
    rest(isResting) {
      resting = isResting;
      change();
    },
    stop: () => document.removeEventListener('visibilitychange', change),
  };
}
