// @ts-check
/** Agreement in each set of clips, and its mean over sets, as a table. */

import { make, part } from './elements.js';
import { number } from './words.js';

/**
 * @typedef {{value: number | null, low: number | null, high: number | null}} Value
 * @typedef {{set: string, n_clips: number, n_anchors: number, n_given: number, n_raters: number, is_computed: boolean,
 *   values: Record<string, Value>}} SetRow
 * @typedef {{measures: {key: string, label: string, meaning: string}[], sets: SetRow[],
 *   mean: {n_raters: number, values: Record<string, Value>}, waiting: number, worker: string,
 *   failed: string[]}} Sets
 */

/**
 * @param {Sets} results
 * @param {(set: string) => void} choose is called with the set whose figures somebody wants to see
 */
export function showSets(results, choose) {
  const all = [...results.sets, results.mean].map(({ values }) => values);
  /** What no set can have is no column: raters who share the pairs are not compared one by one. @param {string} key */
  const isKnown = (key) => all.some((values) => isNumber(values[key]));
  const measures = results.waiting ? results.measures : results.measures.filter(({ key }) => isKnown(key));
  const hasCeiling = results.waiting > 0 || isKnown('ceiling_lower');
  const head = make(
    'tr',
    {},
    make('th', { scope: 'col' }, 'Set'),
    make('th', { scope: 'col', class: 'number' }, 'Clips'),
    make('th', { scope: 'col', class: 'number' }, 'Raters'),
    ...measures.map(({ label, meaning }) => make('th', { scope: 'col', class: 'number', title: meaning }, label)),
    hasCeiling ? make('th', { scope: 'col', class: 'number' }, 'Noise ceiling') : null,
  );
  const rows = results.sets.map((one) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, nameOf(one, choose)),
      make('td', { class: 'number' }, one.n_clips),
      make('td', { class: 'number' }, one.is_computed ? one.n_raters : '…'),
      ...cells(measures, hasCeiling, one.values),
    ),
  );
  const mean = make(
    'tr',
    { class: 'mean' },
    make('th', { scope: 'row' }, 'Mean'),
    make('td', {}),
    make('td', { class: 'number' }, results.mean.n_raters),
    ...cells(measures, hasCeiling, results.mean.values),
  );
  part('sets-table').replaceChildren(
    make('table', { class: 'sets' }, make('thead', {}, head), make('tbody', {}, ...rows), make('tfoot', {}, mean)),
  );
  const told = [];
  if (results.waiting > 0) told.push(`${results.waiting} of ${results.sets.length} sets are being computed.`);
  for (const reason of results.failed) told.push(`Set ${reason}.`);
  const line = part('sets-waiting');
  line.textContent = told.join(' ');
  line.hidden = told.length === 0;
}

/**
 * @param {SetRow} one
 * @param {(set: string) => void} choose
 */
function nameOf(one, choose) {
  const button = make('button', { type: 'button', class: 'quiet small' }, one.set);
  button.addEventListener('click', () => choose(one.set));
  return button;
}

/**
 * @param {Sets['measures']} measures
 * @param {boolean} hasCeiling
 * @param {Record<string, Value>} values
 */
function cells(measures, hasCeiling, values) {
  const { ceiling_lower: low, ceiling_upper: high } = values;
  const ceiling = !isNumber(low) || !isNumber(high) ? '–' : `${number(low.value)} to ${number(high.value)}`;
  return [
    ...measures.map(({ key }) => make('td', { class: 'number' }, ...valueOf(values[key]))),
    hasCeiling ? make('td', { class: 'number' }, ceiling) : null,
  ];
}

/** @param {Value | undefined} value @returns {value is Value & {value: number}} */
function isNumber(value) {
  return value !== undefined && value.value !== null;
}

/** @param {Value | undefined} value */
function valueOf(value) {
  if (value === undefined || value.value === null) return ['–'];
  if (value.low === null || value.high === null) return [number(value.value)];
  return [number(value.value), ' ', make('small', {}, `${number(value.low)} to ${number(value.high)}`)];
}
