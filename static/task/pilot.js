// @ts-check
/** The strip over a pilot's task: placing clips by a simulated rater, and jumping from screen to screen. */
import { find } from '../page.js';
import { ApiError } from './api.js';

/**
 * Wires the strip, where the page has one: participants' pages have none.
 * @param {{
 *   call: (path: string) => Promise<import('./session.js').SessionView>,
 *   flush: () => Promise<void>,
 *   show: (next: import('./session.js').SessionView) => void,
 *   leave: () => void,
 * }} parts  call: one of the pilot's own requests; flush: sends the draft; show: what comes next; leave: before the page
 *   is loaded again
 */
export function wirePilot({ call, flush, show, leave }) {
  const strip = document.getElementById('pilot');
  if (!strip) return;
  const said = find(strip, '[data-said]');
  const place = find(strip, '[data-place]', HTMLButtonElement);
  const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (strip.querySelectorAll('button'));

  /** @param {() => Promise<void>} act */
  async function doing(act) {
    for (const button of buttons) button.disabled = true;
    said.textContent = '';
    try {
      await act();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      said.textContent = error.status ? error.message : 'No connection. Please try again.';
    } finally {
      for (const button of buttons) button.disabled = false;
    }
  }

  place.addEventListener('click', () =>
    doing(async () => {
      await flush();
      show(await call('/place'));
    }),
  );
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (strip.querySelectorAll('[data-skip]'))) {
    button.addEventListener('click', () =>
      doing(async () => {
        await call(`/skip/${button.dataset.skip}`);
        leave();
        location.reload();
      }),
    );
  }
  const look = () => {
    const { screen } = document.body.dataset;
    place.hidden = screen !== 'trial' && screen !== 'rating';
    place.textContent = (screen === 'rating' ? place.dataset.ofRating : place.dataset.ofTrial) ?? '';
  };
  new MutationObserver(look).observe(document.body, { attributeFilter: ['data-screen'] });
  look();
}
