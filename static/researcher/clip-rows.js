// @ts-check
/** The rows of a study's clips under the pointer: a clip plays in its picture's place, and a row is dragged elsewhere. */

import { elementOf } from '../page.js';
import { make } from './elements.js';

/** @typedef {import('./clips.js').Clip} Clip */

// Whoever passes over a picture on the way elsewhere wants nothing played.
const PAUSE = 150;
const TYPE = 'application/x-asterism-clip';

/**
 * Play a clip, in silence, while the pointer is on its picture; one at a time.
 * @param {HTMLElement} body
 * @param {(key: string) => Clip | undefined} clipOf by the key of its row
 */
export function playOnHover(body, clipOf) {
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  /** @type {HTMLVideoElement | null} */
  let video = null;
  let timer = 0;

  function stop() {
    clearTimeout(timer);
    video?.remove();
    // The browser keeps what it has loaded of a clip until its element no longer has a source.
    video?.removeAttribute('src');
    video?.load();
    video = null;
  }

  body.addEventListener('pointerover', (event) => {
    const button = elementOf(event).closest('td.picture button');
    if (!button || button.contains(video) || event.pointerType === 'touch' || still.matches) return;
    stop();
    const clip = clipOf(button.closest('tr')?.dataset.key ?? '');
    if (clip?.kind !== 'clip' || !clip.sources.length) return;
    timer = setTimeout(() => {
      video = make('video', { loop: true, playsinline: true, 'aria-hidden': 'true', tabindex: -1 });
      video.muted = true;
      video.append(...clip.sources.map(({ src, type }) => make('source', { src, type })));
      button.append(video);
      // A clip that cannot be played here leaves its picture.
      video.play().catch(() => null);
    }, PAUSE);
  });
  body.addEventListener('pointerout', (event) => {
    const button = elementOf(event).closest('td.picture button');
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (button && !button.contains(to)) stop();
  });
}

/**
 * Let rows be dragged by the number of their place; by keyboard the place is a number in the clip's dialog.
 * @param {HTMLElement} body
 * @param {(key: string, before: string | null) => void} onMove the row that was dragged, and the one in whose place it
 *   is from now on: null behind the last one
 */
export function dragRows(body, onMove) {
  /** @type {HTMLTableRowElement | null} */
  let dragged = null;

  const clear = () =>
    body
      .querySelectorAll('.goes-before, .goes-behind')
      .forEach((row) => row.classList.remove('goes-before', 'goes-behind'));
  /** @param {DragEvent} event the row under the pointer, and whether the upper half of it is */
  const target = (event) => {
    const row = /** @type {HTMLTableRowElement | null} */ (elementOf(event).closest('tbody tr'));
    if (!dragged || !row) return null;
    const { top, height } = row.getBoundingClientRect();
    return { row, isUpper: event.clientY < top + height / 2 };
  };

  body.addEventListener('dragstart', (event) => {
    dragged = elementOf(event).closest('td.place')?.closest('tr') ?? null;
    if (!dragged || !event.dataTransfer) return;
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData(TYPE, dragged.dataset.key ?? '');
    event.dataTransfer.setDragImage(dragged, 20, 20);
  });
  body.addEventListener('dragover', (event) => {
    const spot = target(event);
    if (!spot) return;
    event.preventDefault();
    clear();
    if (spot.row !== dragged) spot.row.classList.add(spot.isUpper ? 'goes-before' : 'goes-behind');
  });
  body.addEventListener('drop', (event) => {
    const spot = target(event);
    if (!spot || !dragged) return;
    event.preventDefault();
    const before = spot.isUpper ? spot.row : /** @type {HTMLElement | null} */ (spot.row.nextElementSibling);
    if (spot.row !== dragged && before !== dragged) onMove(dragged.dataset.key ?? '', before?.dataset.key ?? null);
  });
  body.addEventListener('dragend', () => {
    dragged = null;
    clear();
  });
}
