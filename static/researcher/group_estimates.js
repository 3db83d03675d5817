// @ts-check
/** RDMs that borrow from the group: computed when a button is pressed, then a table and the matrix of the rater, or
 * the group, that is chosen. */

import { find } from '../page.js';
import { DISSIMILARITY } from './colour.js';
import { make, part } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { load } from './live.js';
import { range } from './pairs.js';
import { inUnit, number } from './words.js';

/**
 * @typedef {{rater: string, borrowed: number, pairs_seen: number, rdm: number[]}} Borrowing
 * @typedef {object} Shown what the page shows
 * @property {string} rater
 * @property {import('./results.js').Clip[]} clips
 * @property {number[]} order
 * @property {string} query what the results were asked for by
 */

const GROUP = 'group';

/**
 * @param {string} api the study's address
 * @returns {{show: (shown: Shown) => void}}
 */
export function mountGroupEstimates(api) {
  const matrix = mountHeatmap(part('borrowing-rdm'));
  const button = part('ask-borrowing', HTMLButtonElement);
  /** @type {Shown | null} */
  let shown = null;
  /** @type {{query: string, pairs: number, raters: Borrowing[], group: {sentence: string, pairs_seen: number, rdm: number[]}, unusable: {rater: string, reason: string}[]} | null} */
  let computed = null;

  button.addEventListener('click', ask);

  /** @param {Shown} next */
  function show(next) {
    // Of another choice of raters nothing was computed yet.
    if (computed?.query !== next.query) {
      computed = null;
      tell('');
    }
    shown = next;
    draw();
  }

  async function ask() {
    if (!shown) return;
    const { query } = shown;
    button.disabled = true;
    tell('Computing; this takes a few seconds …');
    try {
      const estimates = await load(`${api}/results/group-estimates?${query}`);
      if (query !== shown.query) return;
      computed = { ...estimates, query };
      tell(estimates.unusable.map(without).join(' '));
    } catch (error) {
      if (query === shown.query)
        tell(
          error instanceof TypeError ? 'The server cannot be reached.' : String(/** @type {Error} */ (error).message),
        );
    } finally {
      button.disabled = false;
      draw();
    }
  }

  function draw() {
    part('borrowing').hidden = computed === null;
    button.textContent = computed === null ? 'Compute estimates' : 'Compute anew';
    if (computed === null || shown === null) return;
    const { pairs, raters, group } = computed;
    const rows = [...raters, { rater: GROUP, borrowed: null, pairs_seen: group.pairs_seen }];
    find(document, '[data-borrowing] tbody').replaceChildren(...rows.map((one) => row(one, pairs)));
    const { rater, clips, order } = shown;
    const isGroup = rater === GROUP;
    const rdm = isGroup ? group.rdm : raters.find((one) => one.rater === rater)?.rdm;
    part('borrowing-rdm').hidden = !rdm;
    const words = isGroup ? group.sentence : rdm ? '' : `${rater} has none.`;
    part('borrowing-words').hidden = words === '';
    part('borrowing-words').textContent = words;
    if (!rdm) return;
    const most = range(rdm)?.[1] ?? 1;
    matrix.show({
      clips,
      values: rdm,
      order,
      range: [0, most],
      colours: DISSIMILARITY,
      ends: ['0 alike', `${number(most)} different`],
      anyMissing: false,
      facts: (pair) => [['Dissimilarity', number(rdm[pair])]],
      label: isGroup
        ? 'Dissimilarities of the group, from all trials together'
        : `Dissimilarities of ${rater}, with what was borrowed from the group`,
    });
  }

  return { show };
}

/** @param {string} words */
function tell(words) {
  part('borrowing-standing').textContent = words;
  part('borrowing-standing').hidden = words === '';
}

/** @param {{rater: string, reason: string}} one */
function without({ rater, reason }) {
  return `${rater} has none: ${reason}.`;
}

/** @param {{rater: string, borrowed: number | null, pairs_seen: number}} one @param {number} pairs */
function row({ rater, borrowed, pairs_seen: seen }, pairs) {
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, rater),
    make('td', { class: 'number' }, borrowed === null ? '–' : inUnit(borrowed, '%')),
    make('td', { class: 'number' }, `${seen} of ${pairs}`),
  );
}
