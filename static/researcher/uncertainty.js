// @ts-check
/** How well each rater's RDM is known: asked for by a button, since it takes long, then a matrix and a table. */

import { find } from '../page.js';
import { EVIDENCE } from './colour.js';
import { make, part } from './elements.js';
import { mountHeatmap } from './heatmap.js';
import { load } from './live.js';
import { range } from './pairs.js';
import { counted, duration, number, progressInWords } from './words.js';

/**
 * @typedef {{rater: string, correlation: [number, number, number] | null, reason: string | null}} Known
 * @typedef {{state: 'none' | 'working' | 'failed' | 'ready' | 'old', raters: number, seconds: number, known: Known[],
 *   update: import('./work-state.js').Update | null}} Uncertainty
 * @typedef {object} Shown what the page shows
 * @property {string} rater
 * @property {import('./results.js').Clip[]} clips
 * @property {number[]} order
 * @property {(pair: number) => [string, string][]} facts
 * @property {string} query what the results were asked for by
 * @property {string} completion
 */

const PAUSE = 2000;
const GROUP = 'group';

/**
 * @param {string} api the study's address
 * @returns {{show: (shown: Shown) => Promise<void>, of: (pair: number) => number | null}} of: the standard error of a pair
 *   of the RDM that is shown; null where it is not known
 */
export function mountUncertainty(api) {
  const matrix = mountHeatmap(part('errors'));
  /** @type {Shown | null} */
  let shown = null;
  /** @type {(number | null)[]} */
  let errors = [];
  let timer = 0;

  part('ask-uncertainty').addEventListener('click', ask);

  /** @param {Shown} next */
  async function show(next) {
    shown = next;
    errors = [];
    await look();
  }

  async function ask() {
    if (!shown) return;
    const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;
    await fetch(`${api}/results/uncertainty?${shown.query}`, { method: 'POST', headers: { 'X-CSRFToken': token } });
    await look();
  }

  async function look() {
    clearTimeout(timer);
    if (!shown) return;
    const mine = shown;
    const answer = await load(`${api}/results/uncertainty?${mine.query}`);
    if (mine !== shown) return;
    tell(answer);
    await draw(answer, mine);
    if (mine !== shown) return;
    if (answer.state === 'working' && !document.hidden) timer = window.setTimeout(() => look().catch(() => {}), PAUSE);
  }

  /** @param {Uncertainty} answer */
  function tell({ state, raters, seconds, known, update }) {
    const button = part('ask-uncertainty', HTMLButtonElement);
    button.hidden = state === 'ready' || state === 'working';
    button.textContent = known.length ? 'Recompute uncertainty' : 'Compute uncertainty';
    const each = `about ${duration(seconds * raters)} for ${counted(raters, 'rater')}`;
    const words = {
      none: `It takes ${each}, in the background; this page need not stay open.`,
      old: `What follows was computed before the last judgments or decisions. Recomputing takes ${each}, in the background.`,
      ready: '',
      failed: `It could not be computed: ${update?.reason}.`,
      working:
        update?.worker === 'running'
          ? `Simulating participants: ${progressInWords(update)}. This page need not stay open.`
          : 'It waits for the worker, which is not running.',
    };
    part('uncertainty-standing').textContent = words[state];
    part('uncertainty-standing').hidden = words[state] === '';
    const bar = part('uncertainty-progress', HTMLProgressElement);
    bar.hidden = state !== 'working';
    bar.value = update?.of ? update.done / update.of : 0;
    part('uncertainty').hidden = known.length === 0;
  }

  /** @param {Uncertainty} answer @param {Shown} mine */
  async function draw({ known }, mine) {
    find(document, '[data-uncertainty] tbody').replaceChildren(...known.map(row));
    const one = known.find(({ rater }) => rater === mine.rater);
    part('errors').hidden = !one?.correlation;
    part('no-errors').hidden = Boolean(one?.correlation);
    part('no-errors').textContent = whyNone(one, mine.rater);
    if (!one?.correlation) return;
    const { standard_error: values } = await load(
      `${api}/results/rdms/${one.rater}?${mine.query}${mine.completion}&uncertainty=1`,
    );
    if (mine !== shown || !values) return;
    errors = values;
    matrix.show({
      clips: mine.clips,
      values,
      order: mine.order,
      range: [0, range(values)?.[1] ?? 1],
      colours: EVIDENCE,
      ends: ['0', number(range(values)?.[1] ?? null)],
      anyMissing: values.includes(null),
      facts: mine.facts,
      label: `Standard errors of the dissimilarities of ${one.rater}`,
    });
  }

  return { show, of: (pair) => errors[pair] ?? null };
}

/** @param {Known} known */
function row({ rater, correlation, reason }) {
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, rater),
    ...(correlation
      ? [
          make('td', { class: 'number' }, number(correlation[0])),
          make('td', { class: 'number' }, `${number(correlation[1])} to ${number(correlation[2])}`),
        ]
      : [make('td', { colspan: 2, class: 'reason' }, `Not known: ${reason ?? 'no reason was given'}.`)]),
  );
}

/** @param {Known | undefined} one @param {string} rater */
function whyNone(one, rater) {
  if (rater === GROUP) return 'Standard errors are those of a single rater: choose one at the top of the page.';
  return one ? `Not known for ${rater}: ${one.reason}.` : `${rater} had not taken part yet when this was computed.`;
}
