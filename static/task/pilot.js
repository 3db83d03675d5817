// @ts-check
/** The strip over a pilot's task: placing clips by a simulated rater, and jumping from screen to screen. */
import { find } from '../page.js';
import { ApiError } from './api.js';

const BEFORE_SOUND_CHECK = new Set(['questions_before', 'instructions']);

/**
 * Wires the strip, where the page has one: participants' pages have none.
 * @param {{
 *   call: (path: string) => Promise<import('./session.js').SessionView>,
 *   flush: () => Promise<void>,
 *   show: (next: import('./session.js').SessionView) => void,
 *   leave: () => void,
 *   passSoundCheck: (session: string) => void,
 * }} parts  call: one of the pilot's own requests; flush: sends the draft; show: what comes next; leave: before the page
 *   is loaded again; passSoundCheck: whoever jumps beyond it is not held up by it
 */
export function wirePilot({ call, flush, show, leave, passSoundCheck }) {
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
        const { session } = await call(`/skip/${button.dataset.skip}`);
        if (!BEFORE_SOUND_CHECK.has(button.dataset.skip ?? '')) passSoundCheck(session.id);
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
