// @ts-check
/** What the page "Models" shows of attributes in the spaces of models: their axes, predictions, specificity. */

import { make } from './elements.js';
import { card, table } from './model_cards.js';
import { downloads, figure, range, written } from './model_figures.js';

/**
 * @typedef {(number | null)[][]} Matrix
 * @typedef {{model: string, attribute: string, congruence: number | null, low: number | null, high: number | null,
 *   p: number | null, p_max: number | null, carried: number | null}} Axis
 * @typedef {{space: string, congruence: Matrix, p: Matrix, p_max: Matrix}} Space
 * @typedef {{n_permutations: number, with_raters: Axis[], raters: {attribute: string, reliability: number | null, carried: number | null, p: number | null}[],
 *   correlations: Matrix, spaces: Space[]}} Axes
 * @typedef {{model: string, target: string, r: number | null, r2: number | null, fold_spread: number | null, p: number | null,
 *   p_max: number | null, penalty: number | null, dimensions: number}} Predicted
 * @typedef {{model: string, targets: string[], r: Matrix}} Specific
 * @typedef {{n_permutations: number, n_folds: number, by_sets: boolean, scores: Predicted[], specificity: Specific[]}} Predictions
 */

const SIGNIFICANT = 0.05;
const THEMSELVES = 'the values themselves';

/** The sections of axes and predictions. @param {Axes} axes @param {Predictions} predictions */
export function axesCards(axes, predictions) {
  const cards = [];
  if (axes.with_raters.length) cards.push(withRaters(axes));
  if (axes.spaces.length && axes.raters.length > 1) cards.push(between(axes));
  if (predictions.scores.length) cards.push(predictionCard(predictions), specificityCard(predictions));
  return cards;
}

/** @param {Axes} axes */
function withRaters({ with_raters: congruences, raters, n_permutations: times }) {
  const attributes = raters.map(({ attribute }) => attribute);
  const cells = new Map(congruences.map((one) => [key(one.model, one.attribute), one]));
  const models = [...new Set(congruences.map(({ model }) => model))];
  return card(
    'Axes of attributes',
    'The axis of an attribute is the direction in which clips have more of it. Congruence of the clips’ places along it in a model with their places ' +
      `in what raters see: 1 = the same, 0 = unrelated. * p < .05 over ${times} permutations of the clips, against the largest of all. Read a column where ` +
      'the places that raters give clips carry the attribute (first row, r with its values): the axis of what is not there is that of something else.',
    matrix('Congruence with the raters', 'Model', attributes, [
      {
        name: 'Raters: r with the attribute',
        values: raters.map(({ carried, p }) => ({ value: carried, p })),
      },
      ...models.map((model) => ({
        name: model,
        values: attributes.map((attribute) => {
          const one = cells.get(key(model, attribute));
          return { value: one?.congruence ?? null, p: one?.p_max ?? null };
        }),
      })),
      {
        name: 'Raters: reliability of the axis',
        values: raters.map(({ reliability }) => ({ value: reliability, p: null })),
      },
    ]),
    make('p', { class: 'hint' }, ...downloads('axes')),
    folded(
      table(
        'Axes',
        ['Model', 'Attribute', 'Congruence', '95 % interval', 'p', 'p against the largest', 'r with the attribute'],
        congruences.map((one) => [
          one.model,
          one.attribute,
          figure(one.congruence, 2),
          range(one, 2),
          written(one.p),
          written(one.p_max),
          figure(one.carried, 2),
        ]),
      ),
    ),
    make(
      'p',
      { class: 'hint' },
      'A model that had an axis exactly would reach the root of the reliability. Intervals are over raters, for these clips.',
    ),
  );
}

/** @param {Axes} axes */
function between({ spaces, raters, correlations }) {
  const names = raters.map(({ attribute }) => attribute);
  return card(
    'Axes of attributes against each other',
    'Congruence of two attributes’ axes within one space, and in brackets the correlation of the attributes themselves, which is about what it ' +
      'would be if the space had nothing to do with them. * p < .05 that it differs, against the farthest of all.',
    choice(
      'Space',
      spaces.map(({ space }) => space),
      (place) =>
        matrix(
          'Congruence of axes',
          'Attribute',
          names,
          names.map((name, row) => ({
            name,
            values: names.map((_, column) => ({
              value: column === row ? null : spaces[place].congruence[row][column],
              p: column === row ? null : spaces[place].p_max[row][column],
              beside: column === row ? '' : ` (${figure(correlations[row][column], 2)})`,
            })),
          })),
        ),
    ),
  );
}

/** @param {Predictions} predictions */
function predictionCard({ scores, n_permutations: times, n_folds: folds, by_sets: bySets }) {
  const targets = [...new Set(scores.map(({ target }) => target))];
  const models = [...new Set(scores.map(({ model }) => model))];
  const cells = new Map(scores.map((one) => [key(one.model, one.target), one]));
  return card(
    'Attributes predicted from models',
    `Correlation (r) of predictions and values for ${bySets ? 'sets of clips' : 'clips'} that were left out, by ridge regression in ${folds} folds; the penalty ` +
      `is chosen without them. * p < .05 over ${times} permutations, against the largest of all.`,
    matrix(
      'Predictions',
      'From',
      targets,
      models.map((model) => ({
        name: model,
        values: targets.map((target) => {
          const one = cells.get(key(model, target));
          return { value: one?.r ?? null, p: one?.p_max ?? null };
        }),
      })),
    ),
    make('p', { class: 'hint' }, ...downloads('predictions')),
    folded(
      table(
        'Predictions one by one',
        [
          'From',
          'Predicted',
          'r',
          'R²',
          'Spread of r over folds',
          'p',
          'p against the largest',
          'Penalty',
          'Dimensions',
        ],
        scores.map((one) => [
          one.model,
          one.target,
          figure(one.r, 2),
          figure(one.r2, 2),
          figure(one.fold_spread, 2),
          written(one.p),
          written(one.p_max),
          one.penalty ?? '–',
          one.dimensions,
        ]),
      ),
    ),
  );
}

/** @param {Predictions} predictions */
function specificityCard({ specificity }) {
  const models = specificity.filter(({ model }) => model !== THEMSELVES);
  const shown = [...models, ...specificity.filter(({ model }) => model === THEMSELVES)];
  return card(
    'Specificity of the predictions',
    'Correlation of the prediction of one attribute (rows) with the values of another (columns). High values beside the diagonal: what predicts the one ' +
      'predicts the other too, as it must where the values themselves correlate (last choice).',
    choice(
      'Predicted from',
      shown.map(({ model }) => model),
      (place) => {
        const { targets, r } = shown[place];
        return matrix(
          'Specificity',
          'Prediction of',
          targets,
          targets.map((name, row) => ({ name, values: r[row].map((value) => ({ value, p: null })) })),
        );
      },
    ),
    make('p', { class: 'hint' }, ...downloads('specificity'), ' (of the model with the highest r on average)'),
  );
}

/** @param {string} model @param {string} attribute */
const key = (model, attribute) => JSON.stringify([model, attribute]);

/** @param {HTMLElement} content */
function folded(content) {
  return make('details', {}, make('summary', {}, 'In numbers'), content);
}

/**
 * A choice of what is shown below it.
 * @param {string} name @param {string[]} options @param {(place: number) => HTMLElement} show
 */
function choice(name, options, show) {
  const id = `choose-${name.toLowerCase().replace(/[^a-z]+/g, '-')}`;
  const select = make('select', { id }, ...options.map((text, place) => make('option', { value: place }, text)));
  const shown = make('div', {}, show(0));
  select.addEventListener('change', () => shown.replaceChildren(show(Number(select.value))));
  return make('div', {}, make('label', { for: id }, name), select, shown);
}

/**
 * A table of coefficients whose cells are coloured by their size.
 * @param {string} name @param {string} corner @param {string[]} columns
 * @param {{name: string, values: {value: number | null, p: number | null, beside?: string}[]}[]} rows
 */
function matrix(name, corner, columns, rows) {
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name },
    make(
      'table',
      { class: 'coefficients' },
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          make('th', { scope: 'col' }, corner),
          ...columns.map((text) => make('th', { scope: 'col', class: 'number' }, text)),
        ),
      ),
      make(
        'tbody',
        {},
        ...rows.map((row) => make('tr', {}, make('th', { scope: 'row' }, row.name), ...row.values.map(coefficient))),
      ),
    ),
  );
}

/** @param {{value: number | null, p: number | null, beside?: string}} cell */
function coefficient({ value, p, beside }) {
  const star = p !== null && p < SIGNIFICANT ? '*' : '';
  const cell = make(
    'td',
    { class: value !== null && value < 0 ? 'number negative' : 'number' },
    `${figure(value, 2)}${star}${beside ?? ''}`,
  );
  cell.style.setProperty('--size', `${Math.round(45 * Math.min(Math.abs(value ?? 0), 1))}%`);
  return cell;
}
