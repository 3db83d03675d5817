// @ts-check
/** Drawing a condensed vector as a square of colours. */

import { given } from '../page.js';
import { colourOf, css } from './colour.js';
import { pairIndex } from './pairs.js';

/**
 * @typedef {object} Matrix
 * @property {(number | null)[]} values condensed, null for a missing pair
 * @property {number[]} order items from top to bottom
 * @property {[number, number]} range values of the first and the last colour
 * @property {[number, number, number][]} colours
 */

/**
 * Draw the matrix into a square of `size` device pixels at (x, y): whole pixels for each cell, so edges are sharp; where
 * there are fewer pixels than clips, the picture is averaged down instead.
 * @param {CanvasRenderingContext2D} context
 * @param {Matrix} matrix
 * @param {{x: number, y: number, size: number, diagonal: [number, number, number], missing: [number, number, number]}} at
 */
export function drawMatrix(context, { values, order, range, colours }, { x, y, size, diagonal, missing }) {
  const n = order.length;
  const picture = new ImageData(n, n);
  const bytes = picture.data.fill(255);
  const span = range[1] - range[0] || 1;
  for (let row = 0; row < n; row += 1) {
    for (let column = 0; column < n; column += 1) {
      const value = row === column ? null : values[pairIndex(order[row], order[column], n)];
      const colour =
        row === column ? diagonal : value === null ? missing : colourOf(colours, (value - range[0]) / span);
      const first = 4 * (row * n + column);
      bytes[first] = colour[0];
      bytes[first + 1] = colour[1];
      bytes[first + 2] = colour[2];
    }
  }
  const small = document.createElement('canvas');
  small.width = small.height = n;
  given(small.getContext('2d')).putImageData(picture, 0, 0);
  context.imageSmoothingEnabled = size < n;
  context.imageSmoothingQuality = 'high';
  context.drawImage(small, x, y, size, size);
}

/**
 * The colours as a strip, for a legend.
 * @param {HTMLCanvasElement} canvas
 * @param {[number, number, number][]} colours
 */
export function drawStrip(canvas, colours) {
  canvas.width = colours.length;
  canvas.height = 1;
  const context = given(canvas.getContext('2d'));
  colours.forEach((colour, step) => {
    context.fillStyle = css(colour);
    context.fillRect(step, 0, 1, 1);
  });
}

/** @type {Map<string, [number, number, number]>} bytes by the colour as CSS has it: reading a pixel back is slow */
const known = new Map();

/** A colour token of the page as bytes. @param {string} name @returns {[number, number, number]} */
export function token(name) {
  const colour = getComputedStyle(document.documentElement).getPropertyValue(name);
  const bytes = known.get(colour) ?? bytesOf(colour);
  known.set(colour, bytes);
  return bytes;
}

/** @param {string} colour as CSS has it @returns {[number, number, number]} */
function bytesOf(colour) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
  const context = given(canvas.getContext('2d', { willReadFrequently: true }));
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return /** @type {[number, number, number]} */ ([...context.getImageData(0, 0, 1, 1).data.slice(0, 3)]);
}
