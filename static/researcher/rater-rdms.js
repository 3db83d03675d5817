// @ts-check
/** Every rater's RDM as a small picture; each is loaded when it comes into view. */

import { find } from '../page.js';
import { make, simulatedMark } from './elements.js';
import { drawThumb } from './heatmap.js';

const SIZE = 104;

/**
 * @typedef {{rater: string, simulated?: boolean, problem?: string | null}} Rater
 * @typedef {{raters: Rater[], picked: string, draw: (rater: string) => Promise<import('./matrix.js').Matrix>}} View
 */

/**
 * @param {HTMLElement} element emptied and filled
 * @param {(rater: string) => void} onPick
 * @returns {{show: (view: View) => void}}
 */
export function mountThumbs(element, onPick) {
  /** @type {View | null} */
  let view = null;
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) {
          seen.unobserve(target);
          draw(/** @type {HTMLButtonElement} */ (target));
        }
      }
    },
    { rootMargin: '200px' },
  );

  /** @param {HTMLButtonElement} button */
  async function draw(button) {
    const asked = view;
    const picture = await asked?.draw(button.value);
    if (picture && asked === view) drawThumb(find(button, 'canvas', HTMLCanvasElement), picture, SIZE);
  }

  /** @param {View} next */
  function show(next) {
    view = next;
    seen.disconnect();
    const buttons = [{ rater: 'group' }, ...next.raters].map(thumb);
    element.replaceChildren(...buttons);
    for (const button of buttons) if (!button.disabled) seen.observe(button);
  }

  /** @param {Rater} rater */
  function thumb({ rater, simulated, problem }) {
    const button = make(
      'button',
      {
        type: 'button',
        class: 'thumb',
        value: rater,
        'aria-pressed': String(rater === view?.picked),
        disabled: Boolean(problem),
        title: problem ?? null,
      },
      make('canvas', { width: SIZE, height: SIZE, 'aria-hidden': 'true' }),
      make('span', {}, rater),
      simulated ? simulatedMark() : null,
      problem ? make('span', { class: 'hint' }, 'no RDM') : null,
    );
    button.addEventListener('click', () => onPick(rater));
    return button;
  }

  return { show };
}
