// @ts-check
/** What turns a map of three dimensions: dragging its ground, arrow keys, and buttons. Nothing turns by itself. */

import { make } from './elements.js';

const KEY_STEP = Math.PI / 36;
const BUTTON_STEP = Math.PI / 12;
/** @type {[key: string, sign: string, name: string, right: number, up: number][]} */
const WAYS = [
  ['ArrowLeft', '←', 'Turn the map to the left', -1, 0],
  ['ArrowRight', '→', 'Turn the map to the right', 1, 0],
  ['ArrowUp', '↑', 'Turn the map upwards', 0, 1],
  ['ArrowDown', '↓', 'Turn the map downwards', 0, -1],
];

/**
 * @param {HTMLElement} field what is dragged and takes the keys while it is `turnable`
 * @param {(right: number, up: number) => void} turn by radians
 * @returns {HTMLElement} the buttons
 */
export function turnControls(field, turn) {
  const isTurnable = () => field.classList.contains('turnable');
  field.addEventListener('keydown', (event) => {
    const way = WAYS.find(([key]) => key === event.key);
    if (!way || event.target !== field || !isTurnable() || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    turn(KEY_STEP * way[3], KEY_STEP * way[4]);
  });
  let last = { x: 0, y: 0 };
  field.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !isTurnable() || inClip(event)) return;
    field.setPointerCapture(event.pointerId);
    last = { x: event.clientX, y: event.clientY };
  });
  field.addEventListener('pointermove', (event) => {
    if (!field.hasPointerCapture(event.pointerId)) return;
    // The front follows the pointer.
    const radius = field.clientHeight / 2;
    turn((event.clientX - last.x) / radius, (last.y - event.clientY) / radius);
    last = { x: event.clientX, y: event.clientY };
  });
  return make(
    'div',
    { class: 'turns' },
    ...WAYS.map(([, sign, name, right, up]) => {
      const button = make('button', { type: 'button', class: 'quiet small', 'aria-label': name, title: name }, sign);
      button.addEventListener('click', () => turn(BUTTON_STEP * right, BUTTON_STEP * up));
      return button;
    }),
  );
}

/** @param {Event} event */
function inClip({ target }) {
  return target instanceof Element && target.closest('.spot') !== null;
}
