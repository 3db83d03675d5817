// @ts-check
/**
 * How much of what was moved and played goes into a trial's result: all of it in ordinary use. Somebody who works for an
 * hour while clips play by themselves can make more than one request may hold; then the middle is left out, and the
 * result says where and how much. Placements are never left out. Pure.
 */

/** @typedef {{after: number, left_out: number}} Gap */

/** Entries of one kind, moves or plays: with as many of both a trial always fits into what the server accepts. */
export const MAX_ENTRIES = 2000;

/**
 * @template T
 * @param {T[]} entries in the order of time
 * @returns {{kept: T[], gap: Gap|null}} the first and the last `MAX_ENTRIES / 2` entries; `gap`
 *          says after how many of the kept ones how many were left out, and is null where none were
 */
export function bounded(entries) {
  if (entries.length <= MAX_ENTRIES) return { kept: entries, gap: null };
  const after = MAX_ENTRIES / 2;
  return {
    kept: [...entries.slice(0, after), ...entries.slice(after - MAX_ENTRIES)],
    gap: { after, left_out: entries.length - MAX_ENTRIES },
  };
}
