/** Numbers and times in words. Pure functions. */

/** @param {string} iso @param {number} now ms @returns {string} "just now", "4 min ago", "2 h ago", or the date */
export function ago(iso, now) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return "just now";
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 24 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return iso.slice(0, 10);
}

/** @param {number | null | undefined} value @param {number} digits @returns {string} "–" for what is not known */
export function number(value, digits = 2) {
  return value === null || value === undefined ? "–" : value.toFixed(digits).replace("-", "\u2212");
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @typedef {{done: number, passed: number}} Checks attention checks that were done, and that were passed */

/** @param {Checks} checks @returns {string} "2 of 3", or "–" while none was done */
export function checksInWords({ done, passed }) {
  return done ? `${passed} of ${done}` : "–";
}

/** @param {{state: string, checks: Checks}[]} sessions @returns {Checks} of all of them but the withdrawn */
export function allChecks(sessions) {
  const counted = sessions.filter((session) => session.state !== "withdrawn");
  const sum = (key) => counted.reduce((total, { checks }) => total + checks[key], 0);
  return { done: sum("done"), passed: sum("passed") };
}

/** @param {number[]} values @returns {number | null} */
export function median(values) {
  if (!values.length) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Kruskal's (1964) words for the stress of a map. @param {number} stress */
export function fitOfMap(stress) {
  if (stress < 0.05) return "an excellent fit";
  if (stress < 0.1) return "a good fit";
  if (stress < 0.2) return "a fair fit";
  return "a rough fit: look at the matrix too";
}
