// @ts-check
/**
 * Undo and redo as two lists of states around the present one. Pure: every function returns a new history, or the
 * same object where nothing changes.
 *
 * @template T
 * @typedef {{past: T[], present: T, future: T[]}} History
 */

const MAX_STEPS = 1000; // steps that can be taken back

/** @template T @param {T} present @returns {History<T>} */
export function begin(present) {
  return { past: [], present, future: [] };
}

/** @template T @param {History<T>} history @param {T} next @returns {History<T>} */
export function commit(history, next) {
  if (next === history.present) return history;
  return { past: [...history.past.slice(1 - MAX_STEPS), history.present], present: next, future: [] };
}

/** @template T @param {History<T>} history @returns {History<T>} */
export function undo(history) {
  if (history.past.length === 0) return history;
  const previous = history.past[history.past.length - 1];
  return { past: history.past.slice(0, -1), present: previous, future: [history.present, ...history.future] };
}

/** @template T @param {History<T>} history @returns {History<T>} */
export function redo(history) {
  if (history.future.length === 0) return history;
  const [next, ...rest] = history.future;
  return { past: [...history.past, history.present], present: next, future: rest };
}
