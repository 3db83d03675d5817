/** Every rater's RDM as a small picture; each is loaded when it comes into view. */

import { make, simulatedMark } from './elements.js';
import { drawThumb } from './heatmap.js';

const SIZE = 104;

/**
 * @param {HTMLElement} element emptied and filled
 * @param {(rater: string) => void} onPick
 * @returns {{show: (view: {raters: any[], picked: string, draw: (rater: string) => Promise<any>}) => void}}
 *   `draw` gives what `drawThumb` wants; null when the rater has no RDM
 */
export function mountThumbs(element, onPick) {
  let view = null;
  const seen = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) {
          seen.unobserve(target);
          draw(target);
        }
      }
    },
    { rootMargin: '200px' },
  );

  async function draw(button) {
    const asked = view;
    const picture = await view.draw(button.value);
    if (picture && asked === view) drawThumb(button.querySelector('canvas'), picture, SIZE);
  }

  function show(next) {
    view = next;
    seen.disconnect();
    const buttons = [{ rater: 'group' }, ...view.raters].map(thumb);
    element.replaceChildren(...buttons);
    for (const button of buttons) if (!button.disabled) seen.observe(button);
  }

  function thumb({ rater, simulated, problem }) {
    const button = make(
      'button',
      {
        type: 'button',
        class: 'thumb',
        value: rater,
        'aria-pressed': String(rater === view.picked),
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
