// @ts-check
/** A map of very many clips while it turns: drawn on a canvas, because so many buttons cannot be moved for every frame. */

import { given } from '../page.js';
import { make } from './elements.js';
import { NEAREST } from './turning.js';

/** How wide the ring of a coloured poster and the edge of a point are, as in map.css. */
const RING = 3;
const EDGE = 2;
const ROUNDED = 0.3 * 16;

/** @typedef {{item: number, x: number, y: number, size: number}} Seen  where a clip's middle is, in pixels from the map's middle */

/**
 * @param {HTMLElement} field the canvas lies upon it
 * @returns {{draw: (spots: HTMLElement[], seen: Seen[], size: number) => void, clear: () => void}} `draw` shows the clips as
 *   their spots look, each `size` pixels wide where it is neither near nor far; in the order given, so from behind
 */
export function mountDrawing(field) {
  const canvas = make('canvas', { class: 'drawing', hidden: true, 'aria-hidden': 'true' });
  field.append(canvas);
  const context = given(canvas.getContext('2d'));
  /** @type {CanvasImageSource[]} each spot's picture, at the size of the nearest */
  let pictures = [];

  return {
    draw(spots, seen, size) {
      const ratio = window.devicePixelRatio;
      if (canvas.hidden) {
        canvas.hidden = false;
        [canvas.width, canvas.height] = [field.clientWidth * ratio, field.clientHeight * ratio].map(Math.round);
        pictures = pictureOfEach(spots, size, ratio);
      }
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      context.setTransform(ratio, 0, 0, ratio, canvas.width / 2, canvas.height / 2);
      for (const { item, x, y, size: times } of seen) {
        const side = times * (size + 2 * RING);
        context.drawImage(pictures[item], x - side / 2, y - side / 2, side, side);
      }
    },
    clear() {
      canvas.hidden = true;
    },
  };
}

/**
 * Pictures of the spots with room for a ring; those that look the same are one.
 * @param {HTMLElement[]} spots
 * @param {number} size
 * @param {number} ratio
 */
function pictureOfEach(spots, size, ratio) {
  /** @type {Map<string, HTMLCanvasElement>} */
  const points = new Map();
  return spots.map((spot) => {
    const style = getComputedStyle(spot);
    if (!spot.classList.contains('point')) {
      const { picture, context } = empty(size, ratio);
      drawPoster(context, spot, style, size);
      return picture;
    }
    const colours = `${style.backgroundColor} ${style.borderTopColor}`;
    const known = points.get(colours);
    if (known) return known;
    const { picture, context } = empty(size, ratio);
    context.arc(0, 0, size / 2, 0, 2 * Math.PI);
    context.fillStyle = style.borderTopColor;
    context.fill();
    context.beginPath();
    context.arc(0, 0, size / 2 - EDGE, 0, 2 * Math.PI);
    context.fillStyle = style.backgroundColor;
    context.fill();
    points.set(colours, picture);
    return picture;
  });
}

/** @param {number} size @param {number} ratio */
function empty(size, ratio) {
  const picture = document.createElement('canvas');
  picture.width = picture.height = Math.ceil(NEAREST * ratio * (size + 2 * RING));
  const context = given(picture.getContext('2d'));
  const scale = picture.width / (size + 2 * RING);
  context.setTransform(scale, 0, 0, scale, picture.width / 2, picture.height / 2);
  return { picture, context };
}

/** @param {CanvasRenderingContext2D} context @param {HTMLElement} spot @param {CSSStyleDeclaration} style @param {number} size */
function drawPoster(context, spot, style, size) {
  if (style.boxShadow !== 'none') {
    context.fillStyle = style.getPropertyValue('--mark');
    context.roundRect(-size / 2 - RING, -size / 2 - RING, size + 2 * RING, size + 2 * RING, ROUNDED + RING);
    context.fill();
  }
  context.beginPath();
  context.roundRect(-size / 2, -size / 2, size, size, ROUNDED);
  context.clip();
  const shown = spot.firstElementChild;
  if (shown instanceof HTMLImageElement) {
    if (!shown.complete || shown.naturalWidth === 0) return;
    const side = Math.min(shown.naturalWidth, shown.naturalHeight);
    const [left, top] = [(shown.naturalWidth - side) / 2, (shown.naturalHeight - side) / 2];
    context.drawImage(shown, left, top, side, side, -size / 2, -size / 2, size, size);
  } else if (shown) {
    const tile = getComputedStyle(shown);
    context.fillStyle = tile.borderTopColor;
    context.fillRect(-size / 2, -size / 2, size, size);
    context.fillStyle = tile.backgroundColor;
    context.fillRect(1 - size / 2, 1 - size / 2, size - 2, size - 2);
    context.fillStyle = tile.color;
    context.font = `${tile.fontSize} ${tile.fontFamily}`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(shown.textContent ?? '', 0, 0, size - 4);
  }
}
