// @ts-check
/** What the page "Models" shows of a study of several sets of clips: each set, and the means over sets. */

import { showDots } from './interval-plot.js';
import { make } from './elements.js';
import { card, table } from './model_cards.js';
import { downloads, figure, range } from './model_figures.js';
import { counted } from './words.js';

/**
 * @typedef {{name: string, value: number | null, low: number | null, high: number | null, p: number | null}} InSet
 * @typedef {{name: string, n_raters: number, n_clips: number, ceiling_low: number | null, ceiling_high: number | null,
 *   scores: InSet[], effects: InSet[]}} OfSet
 * @typedef {{name: string, mean: number | null, low: number | null, high: number | null, n_sets: number}} OverSets
 * @typedef {{sets: OfSet[], ceiling_low: number | null, ceiling_high: number | null, scores: OverSets[], effects: OverSets[],
 *   remarks: string[]}} Sets
 */

// A figure of more models cannot be read; the table has them all.
const MAX_DRAWN = 40;

/**
 * The sections of each set; none in a study without sets.
 *
 * @param {Sets} found
 * @param {string} label the comparator
 * @param {boolean} isJoint whether raters saw the pairs between them, so that each set has one RDM of all trials
 */
export function setCards(found, label, isJoint) {
  const { sets, scores, effects } = found;
  const { ceiling_low: low, ceiling_high: high } = found;
  const cards = [];
  const best = [...scores].sort((one, other) => (other.mean ?? -2) - (one.mean ?? -2));
  if (best.length) {
    const band = low === null || high === null ? null : { low, high };
    const grey = band ? ` Grey: the mean noise ceiling, ${figure(band.low)} to ${figure(band.high)}.` : '';
    cards.push(
      card(
        'Models in each set',
        `Similarity (${label}) of the models to ${isJoint ? 'the RDM of all trials' : 'the raters'} of each of ${sets.length} sets (small dots), and the means over sets with 95 % ` +
          `intervals over sets.${grey}`,
        dots(
          best.slice(0, MAX_DRAWN),
          sets,
          'scores',
          `similarity to ${isJoint ? 'all trials' : 'raters'} (${label})`,
          band,
        ),
        make('p', { class: 'hint' }, ...downloads('sets')),
        numbers('Models in each set', 'Model', best, sets, 'scores'),
      ),
    );
  }
  if (effects.length)
    cards.push(
      card(
        'Attributes in each set',
        'Between less within, in standard deviations, in each set (small dots), and the means over sets with 95 % intervals over sets.',
        dots(effects, sets, 'effects', 'between less within (sd)', null),
        numbers('Attributes in each set', 'Attribute', effects, sets, 'effects'),
      ),
    );
  return cards;
}

/**
 * @param {OverSets[]} means
 * @param {OfSet[]} sets
 * @param {'scores' | 'effects'} what
 * @param {string} axis
 * @param {{low: number, high: number} | null} band
 */
function dots(means, sets, what, axis, band) {
  const chart = make('div');
  const drawn = means.map((one) => ({
    ...one,
    value: one.mean,
    filled: true,
    parts: sets.map((set) => valueOf(set[what], one.name)),
  }));
  const label = 'Means over sets with their intervals, and each set. The table below has the numbers.';
  showDots(chart, drawn, { axis, label, band, ends: what === 'scores' ? [-1, 1] : null });
  return chart;
}

/**
 * @param {string} name
 * @param {string} first
 * @param {OverSets[]} means
 * @param {OfSet[]} sets
 * @param {'scores' | 'effects'} what
 */
function numbers(name, first, means, sets, what) {
  return table(
    name,
    [first, 'Mean over sets', '95 % interval', ...sets.map((set) => `${set.name} (${counted(set.n_raters, 'rater')})`)],
    means.map((one) => [
      one.name,
      figure(one.mean),
      range(one),
      ...sets.map((set) => figure(valueOf(set[what], one.name))),
    ]),
  );
}

/** @param {InSet[]} values @param {string} name */
const valueOf = (values, name) => values.find((one) => one.name === name)?.value ?? null;
