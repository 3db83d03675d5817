// @ts-check
/** Puts a strip beside each measure: of all participants, or of all trials, with the one that the page is about marked. */
import { part } from './elements.js';
import { load } from './live.js';
import { strip } from './strips.js';

/**
 * @typedef {{rater: string, session: string, simulated: boolean, left_out: string | null, values: Record<string, number>,
 *   trials: ({number: number, left_out: string | null} & Record<string, number>)[]}} Worker
 * @typedef {{key: string, unit: string, limit: number | null}} Measure
 * @typedef {{state: 'ready' | 'working', measures: Measure[], participants: Worker[]}} Quality
 */

const PAUSE = 2000;

/**
 * Fill every element with `data-strip` (the measure's key); `data-value` is the value that it is about, `data-of` "trials"
 * where the values are those of all trials.
 * @param {string} api address of the study's part of the API
 * @param {{reload?: boolean}} [how] reload: the page itself shows what is still being computed
 */
export async function mountStrips(api, { reload = false } = {}) {
  let quality = await load(`${api}/quality`);
  while (quality.state === 'working') {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (!document.hidden) quality = await load(`${api}/quality`);
  }
  // What the page waited for may also have come between the page and its first question.
  if (reload) {
    location.reload();
    return;
  }
  const measures = new Map(/** @type {Quality} */ (quality).measures.map((measure) => [measure.key, measure]));
  for (const cell of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-strip]'))) {
    const measure = measures.get(cell.dataset.strip ?? '');
    if (!measure) continue;
    const points = (cell.dataset.of === 'trials' ? ofTrials : ofParticipants)(quality.participants, measure.key);
    const value = cell.dataset.value ?? '';
    const picture = strip(points, {
      marked: value === '' ? null : Number(value),
      limit: measure.limit,
      unit: measure.unit,
    });
    cell.replaceChildren(...(picture ? [picture] : []));
  }
  const about = document.querySelector('[data-compared]');
  if (about) about.textContent = compared(quality.participants.length);
}

/** @param {number} count */
function compared(count) {
  return count === 0
    ? 'Nobody has finished yet, so there is nobody to compare with.'
    : `Dots: ${count === 1 ? 'the only participant who has finished' : `the ${count} participants who have finished`}; simulated ones are hollow, those left out grey. A dashed line is where a value asks for a look.`;
}

/** @param {Worker[]} workers @param {string} key */
function ofParticipants(workers, key) {
  return workers.flatMap(({ rater, simulated, left_out: out, values }) =>
    key in values ? [{ name: rater, value: values[key], simulated, out: out !== null }] : [],
  );
}

/** @param {Worker[]} workers @param {string} key */
function ofTrials(workers, key) {
  return workers.flatMap(({ rater, simulated, left_out: out, trials }) =>
    trials.flatMap((trial) =>
      key in trial
        ? [
            {
              name: `${rater}, trial ${trial.number}`,
              value: trial[key],
              simulated,
              out: (out ?? trial.left_out) !== null,
            },
          ]
        : [],
    ),
  );
}

const page = /** @type {HTMLElement | null} */ (document.querySelector('main[data-quality]'));
if (page) {
  mountStrips(page.dataset.api ?? '', { reload: page.dataset.quality === 'working' }).catch((error) => {
    part('problem').textContent = error.message;
    part('problem').hidden = false;
  });
}
