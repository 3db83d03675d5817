// @ts-check
/** What the tables of ratings hold. Pure functions. */

import { number } from './words.js';

/**
 * @typedef {{key: string, label: string, sentence: string, value: number | null, low: number | null,
 *   high: number | null, reason: string | null}} Measure
 * @typedef {{mean?: number | null, sd?: number | null, n: number, counts?: number[]}} OfClip
 *   counts: how many raters chose what
 * @typedef {object} Question
 * @property {string} name
 * @property {string} ask
 * @property {string} kind
 * @property {number} raters
 * @property {Measure[]} agreement
 * @property {string | null} repeats
 * @property {string} [scale] in words
 * @property {number} [min]
 * @property {number} [max]
 * @property {{value: string, label: string}[]} [choices]
 * @property {OfClip[]} clips
 *
 * @typedef {{text: string, value: number | null, share: number | null, title: string | null}} Cell
 *   share: how long the bar behind it is, 0 to 1
 * @typedef {{column: number, descending: boolean}} Sort
 */

/**
 * The measures of all questions, each with its sentence once, and null for a question that it is not of.
 * @param {Question[]} questions
 * @returns {{label: string, sentence: string, measures: (Measure | null)[]}[]}
 */
export function byMeasure(questions) {
  const sentences = [...new Set(questions.flatMap(({ agreement }) => agreement.map(({ sentence }) => sentence)))];
  return sentences.map((sentence) => {
    const measures = questions.map(({ agreement }) => agreement.find((one) => one.sentence === sentence) ?? null);
    return { label: measures.find((one) => one !== null)?.label ?? '', sentence, measures };
  });
}

/**
 * A clip's cells: mean, standard deviation and n of each scale, the share of each choice and n of the others.
 * @param {Question[]} questions
 * @param {number} item
 * @returns {Cell[]}
 */
export function cellsOf(questions, item) {
  return questions.flatMap((question) => {
    const rated = question.clips[item];
    if (rated === undefined) return [];
    const n = plain(String(rated.n), rated.n);
    const { counts } = rated;
    if (counts) {
      const shares = counts.map((count) => {
        const share = rated.n ? count / rated.n : null;
        const text = share === null ? '–' : `${Math.round(100 * share)} %`;
        return { text, value: share, share, title: `${count} of ${rated.n}` };
      });
      return [...shares, n];
    }
    const { mean = null, sd = null } = rated;
    const { min = 0, max = 1 } = question;
    const share = mean === null ? null : (mean - min) / (max - min);
    return [{ text: number(mean), value: mean, share, title: null }, plain(number(sd), sd), n];
  });
}

/**
 * The clips in the order of a column; what is missing comes last, ties stay in the order of the study.
 * @param {Question[]} questions
 * @param {number} nClips
 * @param {Sort} sort
 * @returns {number[]} items
 */
export function sorted(questions, nClips, { column, descending }) {
  const items = Array.from({ length: nClips }, (_, item) => item);
  if (column < 0) return descending ? items.reverse() : items;
  const values = items.map((item) => cellsOf(questions, item)[column]?.value ?? null);
  return items.sort((one, other) => {
    const [a, b] = [values[one], values[other]];
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return descending ? b - a : a - b;
  });
}

/** @param {string} text @param {number | null} value @returns {Cell} */
function plain(text, value) {
  return { text, value, share: null, title: null };
}
