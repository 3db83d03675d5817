// @ts-check
/** What a comparison of models came to, on the page "Models": scores, layers of networks, attributes, and the parts on request. */

import { find } from '../page.js';
import { make, part } from './elements.js';
import { showDots } from './interval-plot.js';
import { downloads, figure, number, range, written } from './model_figures.js';
import { partCards } from './model_parts.js';
import { setCards } from './model_sets.js';

/**
 * @typedef {{model: string, source: string, kind: string, layer: number | null, score: number, low: number | null,
 *   high: number | null, p_above_zero: number | null, p_below_ceiling: number | null, below_best: number,
 *   p_below_best: number | null}} Score
 * @typedef {{source: string, layers: string[], best: string, first: string, last: string, not_worse: string[]}} Profile
 * @typedef {{attribute: string, groups: string, n_clips: number, effect: number, low: number | null, high: number | null,
 *   p: number, p_max: number}} Effect
 * @typedef {{n_raters: number, n_clips: number, label: string, level: number, ceiling_low: number | null, n_permutations: number,
 *   ceiling_high: number | null, scores: Score[], profiles: Profile[], effects: Effect[], remarks: string[], methods: string[],
 *   parts: import('./model_parts.js').Parts, is_joint: boolean, in_sets: import('./model_sets.js').Sets, tables: string[]}} Findings
 */

// A figure of more models cannot be read; the table has them all.
const MAX_DRAWN = 40;
const SIGNIFICANT = 0.05;
const KINDS = /** @type {Record<string, string>} */ ({ attribute: 'attribute', rating: 'mean rating' });

/** @param {number | null} p */
const isFound = (p) => p !== null && p < SIGNIFICANT;

/** @param {Findings} findings */
export function showFindings(findings) {
  const { scores, effects, n_clips: clips, label } = findings;
  const remarks = [...findings.remarks, ...findings.in_sets.remarks, ...findings.parts.remarks];
  const similarity = similarityAxis(findings);
  part('remarks-box').hidden = !remarks.length;
  part('remarks').replaceChildren(...remarks.map((remark) => make('li', {}, remark)));
  const best = [...scores].sort((one, other) => other.score - one.score);
  part('scores-card').hidden = !scores.length;
  if (scores.length) {
    const drawn = best.slice(0, MAX_DRAWN);
    const which = drawn.length < best.length ? `The best ${drawn.length} of ${best.length} models` : 'The models';
    part('scores-caption').textContent =
      `${which}, by their similarity (${label}) to ${whose(findings)} over ${clips} clips, with 95 % intervals over raters and clips. ` +
      `${ceiling(findings)}Filled dots: above 0 (p < .05, adjusted over models).`;
    showDots(part('scores-figure'), drawn.map(dot), {
      axis: similarity,
      label: 'Scores of the models with their intervals. The table below has the numbers.',
      band: band(findings),
      ends: [-1, 1],
    });
  }
  part('comparator').textContent = label;
  find(part('scores'), 'tbody', HTMLElement).replaceChildren(...best.map((one) => scoreRow(one, one === best[0])));
  part('profiles').replaceChildren(
    ...findings.profiles.map((profile, place) => profileCard(findings, profile, place + 1)),
  );
  part('effects-card').hidden = !effects.length;
  if (effects.length) {
    part('effects-caption').textContent =
      `How much further apart clips are that differ in an attribute than clips that share it, in standard deviations, ${findings.is_joint ? 'in' : 'mean over'} ${whose(findings)} ` +
      `with 95 % intervals over raters. Filled dots: p < .05 over ${findings.n_permutations} permutations of the clips’ values, against the largest of all attributes.`;
    const dots = effects.map((one) => ({ ...one, name: one.attribute, value: one.effect, filled: isFound(one.p_max) }));
    showDots(part('effects-figure'), dots, {
      axis: 'between less within (sd)',
      label: 'Effects of the attributes with their intervals. The table below has the numbers.',
      band: null,
      ends: null,
    });
  }
  find(part('effects'), 'tbody', HTMLElement).replaceChildren(...effects.map(effectRow));
  part('parts').replaceChildren(
    ...setCards(findings.in_sets, label, findings.is_joint),
    ...partCards(findings.parts, label, findings.is_joint),
  );
  part('methods').textContent = findings.methods.join(' ');
  for (const link of part('tables').querySelectorAll('a')) {
    link.hidden = !findings.tables.includes(link.dataset.table ?? '');
  }
  for (const links of document.querySelectorAll('[data-figure-links]')) {
    if (links instanceof HTMLElement) links.replaceChildren(...downloads(links.dataset.figureLinks ?? ''));
  }
}

/** What models are compared with. @param {Findings} findings */
function whose({ n_raters: raters, is_joint: isJoint }) {
  const many = `${raters} ${raters === 1 ? 'rater' : 'raters'}`;
  return isJoint ? `the RDM of all trials of ${many}` : many;
}

/** @param {Findings} findings */
const similarityAxis = ({ is_joint: isJoint, label }) =>
  `similarity to ${isJoint ? 'the RDM of all trials' : 'raters'} (${label})`;

/** @param {Score} one */
const dot = (one) => ({
  name: one.model,
  value: one.score,
  low: one.low,
  high: one.high,
  filled: isFound(one.p_above_zero),
});

/** @param {Findings} findings */
function band({ ceiling_low: low, ceiling_high: high }) {
  return low === null || high === null ? null : { low, high };
}

/** @param {Findings} findings */
function ceiling(findings) {
  const ends = band(findings);
  return ends ? `Grey: the noise ceiling, ${figure(ends.low)} to ${figure(ends.high)}. ` : '';
}

/** @param {Score} one @param {boolean} isBest */
function scoreRow(one, isBest) {
  const from = KINDS[one.kind] ?? one.source;
  const cells = [
    figure(one.score),
    range(one),
    written(one.p_above_zero),
    written(one.p_below_ceiling),
    isBest ? '–' : figure(one.below_best),
    written(one.p_below_best),
  ];
  return make('tr', {}, make('th', { scope: 'row' }, one.model), make('td', {}, from), ...cells.map(number));
}

/** @param {Effect} one */
function effectRow(one) {
  const cells = [one.n_clips, figure(one.effect, 2), range(one, 2), written(one.p), written(one.p_max)];
  return make('tr', {}, make('th', { scope: 'row' }, one.attribute), make('td', {}, one.groups), ...cells.map(number));
}

/** @param {Findings} findings @param {Profile} profile @param {number} place */
function profileCard(findings, profile, place) {
  const [first, last] = [profile.layers.indexOf(profile.first), profile.layers.indexOf(profile.last)];
  const scores = new Map(findings.scores.map((one) => [one.model, one]));
  const dots = profile.layers.flatMap((layer, at) => {
    const one = scores.get(layer);
    const short = layer.replace(`${profile.source}: `, '');
    return one ? [{ ...dot(one), name: short, best: layer === profile.best, within: first <= at && at <= last }] : [];
  });
  const chart = make('div');
  const title = `profile-${place}`;
  const others = profile.not_worse.length - 1;
  showDots(chart, dots, {
    axis: similarityAxis(findings),
    label: `Layers of ${profile.source} with their intervals. The table of models has the numbers.`,
    band: band(findings),
    ends: [-1, 1],
  });
  const where = first === last ? `is ${profile.first}` : `lies between ${profile.first} and ${profile.last}`;
  return make(
    'section',
    { class: 'card figure', 'aria-labelledby': title },
    make('h2', { id: title }, `Layers of ${profile.source}`),
    make(
      'p',
      {},
      `Best layer: ${profile.best}. In 95 % of the bootstrap samples the best ${where} (green). ` +
        `${others === 1 ? '1 other layer is' : `${others} other layers are`} not significantly below it. ${ceiling(findings)}`,
    ),
    chart,
    make('p', { class: 'hint' }, ...downloads(`layers-${place}`)),
  );
}
