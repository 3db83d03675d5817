// @ts-check
/**
 * What the page "Plan" shows of a plan: figures of a participant, two curves and a table. A plan is of raters who each see all
 * pairs, or of raters who share them.
 */

import { counted } from './words.js';

/**
 * @typedef {import('./curve.js').Expected} Expected
 * @typedef {import('./curve.js').Line} Line
 * @typedef {import('./curve.js').Wanted} Wanted
 * @typedef {{median: number | null, low: number | null, high: number | null}} Spread
 * @typedef {{raters: number, reliability: Expected, accuracy: Expected, power: Expected, seen: number}} Point
 * @typedef {{minutes: Spread, trials: Spread, seen: Spread, reached: Spread, pairwise: Expected, curve: Point[]}} Plan
 * @typedef {{raters: number, accuracy: Expected, seen: number, together: number, together_low: number, together_high: number}} SharedPoint
 * @typedef {{minutes: Spread, trials: Spread, placements: Spread, seen: Spread, raters: number, reliability: number | null,
 *   curve: SharedPoint[]}} SharedPlan
 * @typedef {{value: number, interval: number[] | null, raters: number}} Observed
 * @typedef {{title: string, lines: Line[], y: string, wanted: Wanted | null, label: string}} Curve
 * @typedef {{figures: [string, Spread, (value: number | null) => string][], observed: string, first: Curve, second: Curve,
 *   head: string[], rows: string[][]}} View
 */

/** @param {number | null} value @param {number} digits */
const figure = (value, digits) => (value === null ? '–' : value.toFixed(digits));
/** @param {number | null} value */
const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`);
/** @param {{low: number | null, high: number | null}} band */
const range = (band, digits = 2) => `${figure(band.low, digits)} to ${figure(band.high, digits)}`;
/** @param {number | null} value */
const whole = (value) => figure(value, 0);
/** @param {Observed} observed */
const withInterval = ({ value, interval }) =>
  `${figure(value, 2)}${interval ? ` (${figure(interval[0], 2)} to ${figure(interval[1], 2)})` : ''}`;

const BELOW = 'The table below has the numbers.';

/**
 * Of raters who each see all pairs, or their own part of them.
 * @param {Plan} plan
 * @param {{needed: string | null, observed: Observed | null, asked: Record<string, any>}} about
 * @returns {View}
 */
export function studyView(plan, { needed, observed, asked }) {
  /** @param {'reliability' | 'accuracy' | 'power'} key */
  const points = (key) => plan.curve.map((point) => ({ x: point.raters, y: point[key] }));
  return {
    figures: [
      ['minutes', plan.minutes, whole],
      ['trials', plan.trials, whole],
      ['seen', plan.seen, percent],
      ['reached', plan.reached, percent],
    ],
    observed: observed
      ? `Raters of this study correlate by ${withInterval(observed)} so far; the plan assumes ` +
        `${figure(plan.pairwise.value, 2)} (${range(plan.pairwise)}). ` +
        'Where they differ, change “How far raters differ” or “Placement noise” until they agree.'
      : '',
    first: {
      title: "Reliability of the group's RDM",
      lines: [
        { name: 'correlation with the truth', kind: 'second', points: points('accuracy') },
        { name: 'reliability (split-half, corrected)', kind: 'first', points: points('reliability') },
      ],
      y: 'correlation',
      wanted: { level: asked.reliability, words: `wanted: ${asked.reliability}` },
      label: `Reliability and correlation with the truth by number of raters; ${needed} ${BELOW}`,
    },
    second: {
      title: 'Power: model A against model B',
      lines: [{ name: 'power at p < .05', kind: 'first', points: points('power') }],
      y: 'power',
      wanted: { level: 0.8, words: '0.8' },
      label: `Power by number of raters. ${BELOW}`,
    },
    head: ['Raters', 'Reliability', '95 % band', 'r with the truth', '95 % band', 'Power', 'Pairs seen by anybody'],
    rows: plan.curve.map((point) => [
      String(point.raters),
      figure(point.reliability.value, 2),
      range(point.reliability),
      figure(point.accuracy.value, 2),
      range(point.accuracy),
      figure(point.power.value, 2),
      percent(point.seen),
    ]),
  };
}

/**
 * Of raters who share the pairs, and whose trials are estimated as one.
 * @param {SharedPlan} plan
 * @param {{needed: string | null, observed: Observed | null, asked: Record<string, any>}} about
 * @returns {View}
 */
export function sharedView(plan, { needed, observed, asked }) {
  const known = plan.reliability !== null;
  return {
    figures: [
      ['minutes', plan.minutes, whole],
      ['trials', plan.trials, whole],
      ['placements', plan.placements, whole],
      ['seen', plan.seen, percent],
    ],
    observed:
      observed && known
        ? `The results of this study have a reliability of ${withInterval(observed)} so far, with ${counted(observed.raters, 'rater')}; the ` +
          `plan expects ${figure(plan.reliability, 2)} with ${plan.raters}. Plan with ${observed.raters} raters to compare them: where ` +
          'they differ, change “How far raters differ” or “Placement noise” until they agree.'
        : '',
    first: {
      title: 'The RDM of all trials',
      lines: [
        {
          name: 'correlation with the truth',
          kind: 'first',
          points: plan.curve.map((point) => ({ x: point.raters, y: point.accuracy })),
        },
      ],
      y: 'correlation',
      wanted: { level: asked.accuracy, words: `wanted: ${asked.accuracy}` },
      label: `Correlation of the RDM of all trials with the truth by number of raters; ${needed} ${BELOW}`,
    },
    second: {
      title: 'Pairs seen by anybody',
      lines: [
        {
          name: 'share of the pairs',
          kind: 'first',
          points: plan.curve.map(({ raters, seen }) => ({ x: raters, y: { value: seen, low: null, high: null } })),
        },
      ],
      y: 'share',
      wanted: null,
      label: `Share of the pairs that anybody sees by number of raters. ${BELOW}`,
    },
    head: [
      'Raters',
      'r with the truth',
      '95 % band',
      'Pairs seen by anybody',
      'Trials that show a pair',
      'Nine in ten pairs',
    ],
    rows: plan.curve.map((point) => [
      String(point.raters),
      figure(point.accuracy.value, 2),
      range(point.accuracy),
      percent(point.seen),
      figure(point.together, 1),
      range({ low: point.together_low, high: point.together_high }, 0),
    ]),
  };
}

/**
 * What is shown of a figure: its median and, where they differ, the values around it.
 * @param {Spread} spread
 * @param {(value: number | null) => string} written
 */
export function inWords(spread, written) {
  const low = written(spread.low);
  const high = written(spread.high);
  return { median: written(spread.median), range: low === high ? '' : `${low} to ${high}` };
}
