// @ts-check
/** What the page "Models" shows only when it was asked for, and how it is asked for. */

import { find } from '../page.js';
import { showDots } from './interval-plot.js';
import { make } from './elements.js';
import { axesCards } from './model_axes.js';
import { card, table } from './model_cards.js';
import { downloads, figure, range, written } from './model_figures.js';
import { counted } from './words.js';

/**
 * @typedef {{model: string, similarity: number, p: number, p_max: number, corrected: number | null, low: number | null,
 *   high: number | null}} Test
 * @typedef {{model: string, correlation: number, low: number | null, high: number | null, p: number, p_max: number}} Partial
 * @typedef {{blocks: string[], explained: number, share: number}} Share
 * @typedef {{block: string, models: string[], weights: number[], cross_validated: number, equal_weights: number}} Sum
 * @typedef {{n_permutations: number, tests: Test[], held_constant: string, partial_method: string, partials: Partial[],
 *   shares: Share[], n_pairs: number, weighted: Sum[], individuals: Individuals, axes: import('./model_axes.js').Axes,
 *   predictions: import('./model_axes.js').Predictions, remarks: string[]}} Parts
 * @typedef {{rater: string, cluster: number, dimensions: (number | null)[], fit: number | null, attributes: (number | null)[],
 *   own: number | null}} Place
 * @typedef {{n_tested: number, within: number | null, expected: number, low: number | null, high: number | null, p: number,
 *   without_noise: number | null, without_noise_low: number | null, without_noise_high: number | null, silhouette: number | null,
 *   n_clusters: number, weights: {attribute: string, mean: number, low: number | null, high: number | null}[],
 *   raters: Place[]}} Individuals
 * @typedef {{groups: string[], models: string[], attributes: string[]}} Blocks
 * @typedef {{permutations: boolean, explain: string[], hold_constant: string, weighted: boolean,
 *   individuals: boolean, axes: boolean, predictions: boolean}} Asked
 */

const SIGNIFICANT = 0.05;
const TICKS = /** @type {const} */ (['permutations', 'weighted', 'individuals', 'axes', 'predictions']);

/**
 * The sections of what was asked for.
 * @param {Parts} parts
 * @param {string} label the comparator in words
 * @param {boolean} isJoint all but how raters differ is about the RDM of all trials
 */
export function partCards(parts, label, isJoint) {
  const mean = isJoint ? 'the RDM of all trials' : 'the mean of the raters';
  const cards = [];
  if (parts.tests.length)
    cards.push(
      card(
        'Models by permutation',
        `Similarity (${label}) to ${mean}, tested over ${parts.n_permutations} permutations of the clips; and Pearson’s r ` +
          'with what raters share, their noise taken out, with 95 % intervals over raters.',
        table(
          'Permutation tests',
          ['Model', label, 'p', 'p against the largest', 'r without noise', '95 % interval'],
          parts.tests.map((one) => [
            one.model,
            figure(one.similarity),
            written(one.p),
            written(one.p_max),
            figure(one.corrected),
            range(one),
          ]),
        ),
      ),
    );
  if (parts.partials.length) cards.push(partialCard(parts, isJoint));
  if (parts.shares.length) cards.push(shareCard(parts, mean));
  if (parts.weighted.length)
    cards.push(
      card(
        'Weighted sums of models',
        `Similarity (${label}) of a weighted sum to ${isJoint ? 'clips' : 'raters and clips'} that had no part in fitting the weights. A fit that is worth its weights ` +
          'beats equal weights.',
        table(
          'Weighted sums',
          ['Models', 'Number', 'Fitted weights', 'Equal weights', 'Largest weights'],
          parts.weighted.map((one) => [
            one.block,
            one.models.length,
            figure(one.cross_validated),
            figure(one.equal_weights),
            largest(one),
          ]),
        ),
      ),
    );
  if (parts.individuals.raters.length) cards.push(individualCard(parts.individuals));
  return [...cards, ...axesCards(parts.axes, parts.predictions)];
}

/** @param {Individuals} individuals */
function individualCard(individuals) {
  const hasWeights = individuals.raters.some(({ dimensions }) => dimensions.every((one) => one !== null));
  const chart = make('div');
  if (individuals.weights.length)
    showDots(
      chart,
      individuals.weights.map((one) => ({ ...one, name: one.attribute, value: one.mean, filled: true })),
      {
        axis: 'weight of the attribute (standardised), mean over raters',
        label: 'Mean weights of the attributes with their intervals. The table below has those of each rater.',
        band: null,
        ends: null,
      },
    );
  return card(
    'How raters differ',
    individualWords(individuals),
    chart,
    ...(individuals.weights.length ? [make('p', { class: 'hint' }, 'Weights. ', ...downloads('weights'))] : []),
    ...(hasWeights ? [make('p', { class: 'hint' }, 'Dimensions. ', ...downloads('raters'))] : []),
    table(
      'Raters',
      [
        'Rater',
        'Group',
        'Dimension 1',
        'Dimension 2',
        'Fit',
        'Above noise',
        ...individuals.weights.map(({ attribute }) => attribute),
      ],
      individuals.raters.map((one) => [
        one.rater,
        one.cluster || '–',
        ...[...one.dimensions, one.fit, one.own, ...one.attributes].map((value) => figure(value, 2)),
      ]),
    ),
    make(
      'p',
      { class: 'hint' },
      'Dimensions: how a rater weighs those of the space that all raters have in common (INDSCAL), and how well that fits. Above noise: how much ' +
        'more alike the two halves of the rater’s own trials are than noise leads to expect. Last columns: weights of the attributes.',
    ),
  );
}

/** @param {Individuals} individuals */
function individualWords(individuals) {
  const said = [];
  if (individuals.within !== null) {
    const kind =
      individuals.p < SIGNIFICANT
        ? 'Raters differ by more than noise.'
        : 'There is no sign that raters differ by more than noise.';
    const p = individuals.p < 0.001 ? 'p < .001' : `p = ${written(individuals.p)}`;
    said.push(
      `${kind} Two halves of one rater’s trials correlate by ${figure(individuals.within, 2)}; with noise alone it would be ` +
        `${figure(individuals.expected, 2)} (${p}, ${counted(individuals.n_tested, 'rater')}).`,
    );
  }
  if (individuals.without_noise !== null) {
    const ends = { low: individuals.without_noise_low, high: individuals.without_noise_high };
    const between = ends.low === null ? '' : ` (${range(ends, 2)})`;
    said.push(`Without their noise two raters would agree by ${figure(individuals.without_noise, 2)}${between}.`);
  }
  if (individuals.silhouette !== null)
    said.push(
      `Cut where they are most distinct, raters form ${individuals.n_clusters} groups (mean silhouette ${figure(individuals.silhouette, 2)}` +
        `${individuals.silhouette < 0.25 ? ', so weak that they are hardly groups' : ''}).`,
    );
  return said.join(' ');
}

/** @param {Parts} parts @param {boolean} isJoint */
function partialCard({ partials, held_constant: held, partial_method: method, n_permutations: times }, isJoint) {
  const chart = make('div');
  const dots = partials.map((one) => ({
    ...one,
    name: one.model,
    value: one.correlation,
    filled: one.p_max < SIGNIFICANT,
  }));
  const r = method === 'pearson' ? 'Pearson’s r' : 'Spearman’s ρ';
  showDots(chart, dots, {
    axis: `partial correlation (${r})`,
    label: `Correlations with ${held} held constant. The table below has the numbers.`,
    band: null,
    ends: [-1, 1],
  });
  return card(
    `With ${held} held constant`,
    `Correlation (${r}) of the other models with ${isJoint ? 'the RDM of all trials,' : 'raters, mean'} with 95 % intervals over raters. Filled dots: p < .05 against the largest, over ` +
      `${times} permutations of what is left of each model.`,
    chart,
    make('p', { class: 'hint' }, ...downloads('constant')),
    table(
      'Partial correlations',
      ['Model', 'Partial correlation', '95 % interval', 'p', 'p against the largest'],
      partials.map((one) => [one.model, figure(one.correlation), range(one), written(one.p), written(one.p_max)]),
    ),
  );
}

/** @param {Parts} parts @param {string} mean whose variance it is */
function shareCard({ shares, n_pairs: pairs }, mean) {
  const chart = make('div');
  const name = (/** @type {Share} */ { blocks }) => (blocks.length > 1 ? blocks.join(' & ') : `${blocks[0]} alone`);
  const dots = shares.map((one) => ({ name: name(one), value: one.share, low: 0, high: one.share, filled: true }));
  showDots(chart, dots, {
    axis: 'share of variance (adjusted R²)',
    label: 'Shares of variance. The table below has the numbers.',
    band: null,
    ends: null,
  });
  return card(
    'Shares of variance',
    `How much of the variance of ${mean} (${pairs} pairs) models explain that no other of these does, alone and together. ` +
      'A share below 0: models explain more together than one by one.',
    chart,
    make('p', { class: 'hint' }, ...downloads('variance')),
    table(
      'Shares of variance',
      ['Models', 'Share', 'Explained with all of these'],
      shares.map((one) => [name(one), figure(one.share), figure(one.explained)]),
    ),
  );
}

/** @param {Sum} sum */
function largest({ models, weights }) {
  const total = weights.reduce((all, one) => all + one, 0) || 1;
  const order = models.map((model, k) => ({ model, share: weights[k] / total })).sort((a, b) => b.share - a.share);
  const told = order.filter(({ share }) => share >= 0.01).slice(0, 3);
  return told.map(({ model, share }) => `${model} ${Math.round(100 * share)} %`).join(', ');
}

/**
 * Offer what can be named, and at first choose what was asked for last.
 * @param {HTMLFormElement} form
 * @param {Blocks} blocks
 * @param {Asked} asked
 */
export function offerBlocks(form, blocks, asked) {
  const offered = JSON.stringify(blocks);
  if (form.dataset.offered === offered) return;
  const isFirst = form.dataset.offered === undefined;
  form.dataset.offered = offered;
  const choices = [find(form, '[name="hold_constant"]', HTMLSelectElement), ...explained(form)];
  const wanted = [asked.hold_constant, ...asked.explain];
  choices.forEach((choice, place) => {
    const value = isFirst ? (wanted[place] ?? '') : choice.value;
    const groups = { 'Several together': blocks.groups, Models: blocks.models, Attributes: blocks.attributes };
    const known = Object.entries(groups).filter(([, names]) => names.length);
    choice.replaceChildren(
      make('option', { value: '' }, 'nothing'),
      ...known.map(([label, names]) =>
        make('optgroup', { label }, ...names.map((name) => make('option', { value: name }, name))),
      ),
    );
    choice.value = Object.values(groups).flat().includes(value) ? value : '';
  });
  if (!isFirst) return;
  for (const name of TICKS) find(form, `[name="${name}"]`, HTMLInputElement).checked = asked[name];
  const more = find(form, '[data-more]', HTMLDetailsElement);
  more.open = TICKS.some((name) => asked[name]) || asked.hold_constant !== '' || asked.explain.length > 0;
}

/** What the form asks for. @param {HTMLFormElement} form @returns {Asked} */
export function askedParts(form) {
  return {
    permutations: isTicked(form, 'permutations'),
    weighted: isTicked(form, 'weighted'),
    individuals: isTicked(form, 'individuals'),
    axes: isTicked(form, 'axes'),
    predictions: isTicked(form, 'predictions'),
    hold_constant: find(form, '[name="hold_constant"]', HTMLSelectElement).value,
    explain: explained(form)
      .map((choice) => choice.value)
      .filter((value) => value),
  };
}

/** @param {HTMLFormElement} form @param {string} name */
const isTicked = (form, name) => find(form, `[name="${name}"]`, HTMLInputElement).checked;

/** @param {HTMLFormElement} form */
const explained = (form) => /** @type {HTMLSelectElement[]} */ ([...form.querySelectorAll('select[name="explain"]')]);
