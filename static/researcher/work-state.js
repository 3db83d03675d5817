// @ts-check
/** The state of the results: their age, the work on newer ones, why it failed, and that nobody is there to do it. */

import { byId } from '../page.js';
import { part } from './elements.js';
import { ageInWords, progressInWords } from './words.js';

/**
 * @typedef {{state: 'waiting' | 'computing' | 'failed', done: number, of: number, reason: string | null,
 *   worker: string}} Update  done, of: raters
 * @typedef {{computed_at: string | null, update: Update | null}} Standing  update: null when nothing newer is needed
 */

/**
 * @param {() => void} onRetry called when the experimenter asks to try again
 * @returns {(standing: Standing) => void} shows the server's last answer
 */
export function mountStanding(onRetry) {
  part('retry').addEventListener('click', onRetry);
  return ({ computed_at: computedAt, update }) => {
    const works = update !== null && update.state !== 'failed';
    const stands = works && update.worker !== 'running' && update.state === 'waiting';
    part('working').hidden = !works || stands || computedAt !== null;
    part('no-worker').hidden = !stands;
    part('failed').hidden = update?.state !== 'failed';
    part('age').hidden = computedAt === null;
    if (works) {
      const bar = byId('work', HTMLProgressElement);
      bar.value = update.of ? update.done / update.of : 0;
      part('work-text').textContent = progressInWords(update);
    }
    if (update?.state === 'failed')
      part('failed-text').textContent = `The results could not be computed: ${update.reason}.`;
    if (computedAt !== null)
      part('age').textContent = ageInWords(computedAt, works && !stands ? update : null, Date.now());
  };
}
