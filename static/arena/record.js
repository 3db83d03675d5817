// @ts-check
/**
 * How much of what was moved and played goes into a trial's result: all of it in ordinary use. Somebody who works for an
 * hour while clips play by themselves can make more than one request may hold; then the middle is left out, and the
 * result says where and how much. Placements are never left out. Pure.
 */

/** @typedef {{after: number, left_out: number}} Gap */

/** Entries of one kind, moves or plays: with as many of both a trial always fits into what the server accepts. */
export const MOST = 2000;

/**
 * @template T
 * @param {T[]} entries in the order of time
 * @returns {{kept: T[], gap: Gap|null}} the first and the last `MOST / 2` entries; `gap`
 *          says after how many of the kept ones how many were left out, and is null where none were
 */
export function bounded(entries) {
  if (entries.length <= MOST) return { kept: entries, gap: null };
  const after = MOST / 2;
  return {
    kept: [...entries.slice(0, after), ...entries.slice(after - MOST)],
    gap: { after, left_out: entries.length - MOST },
  };
}
