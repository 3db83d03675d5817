// @ts-check
/** Agreement of every two raters as a matrix, and how agreement grows with their number. */

import { EVIDENCE } from './colour.js';
import { showCurve } from './curve.js';
import { part } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { range } from './pairs.js';
import { number } from './words.js';

/**
 * @typedef {import('./curve.js').Expected} Expected
 * @typedef {object} Found
 * @property {{rater: string}[]} raters
 * @property {(number | null)[] | null} [between] condensed
 * @property {number[]} [rater_order]
 * @property {{raters: number, mean: Expected, single: Expected}[] | null} [growth]
 */

/** @returns {{show: (agreement: Found) => void}} */
export function mountAgreementFigures() {
  const matrix = mountHeatmap(part('between'));

  /** @param {Found} agreement the server's answer */
  function show({ raters, between, rater_order: order, growth }) {
    part('between-card').hidden = !between || raters.length < 2;
    part('growth-card').hidden = !growth;
    if (between && raters.length > 1) {
      const lowest = Math.min(0, range(between)?.[0] ?? 0);
      matrix.show({
        clips: raters.map(({ rater }) => ({ label: rater, poster: null })),
        values: between,
        order: order ?? raters.map((_, place) => place),
        range: [lowest, 1],
        colours: EVIDENCE,
        ends: [number(lowest), '1 alike'],
        anyMissing: between.includes(null),
        facts: (pair) => [['Spearman ρ', number(between[pair])]],
        label: 'Agreement of every two raters',
      });
    }
    if (growth) showGrowth(growth);
  }

  return { show };
}

/** @param {NonNullable<Found['growth']>} growth */
function showGrowth(growth) {
  const last = growth[growth.length - 1];
  showCurve(
    part('growth'),
    [
      {
        name: 'reliability of the mean of so many raters',
        kind: 'first',
        points: growth.map(({ raters, mean }) => ({ x: raters, y: mean })),
      },
      {
        name: 'one rater with the mean of so many others',
        kind: 'second',
        points: growth.map(({ raters, single }) => ({ x: raters, y: single })),
      },
    ],
    {
      y: 'Pearson r',
      wanted: null,
      label: `Agreement by number of raters. The mean of ${last.raters}: ${number(last.mean.value)}.`,
    },
  );
}
