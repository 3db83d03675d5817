// @ts-check
/** Posters as pictures that a canvas can draw. */

/** @type {Map<string, HTMLImageElement>} by address */
const loaded = new Map();

/**
 * The poster's picture if it is here; else it is loaded, and `onLoad` is called once it is.
 * @param {{poster: string | null}} clip
 * @param {() => void} onLoad
 * @returns {HTMLImageElement | null}
 */
export function posterOf(clip, onLoad) {
  if (!clip.poster) return null;
  const known = loaded.get(clip.poster);
  if (known?.complete && known.naturalWidth > 0) return known;
  const image = known ?? new Image();
  if (!known) {
    loaded.set(clip.poster, image);
    image.src = clip.poster;
  }
  image.addEventListener('load', onLoad, { once: true });
  return null;
}

/**
 * Draw a picture into a square, its middle if it is not square itself.
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLImageElement} image
 * @param {number} x
 * @param {number} y
 * @param {number} size
 */
export function drawPoster(context, image, x, y, size) {
  const side = Math.min(image.naturalWidth, image.naturalHeight);
  const left = (image.naturalWidth - side) / 2;
  const top = (image.naturalHeight - side) / 2;
  context.drawImage(image, left, top, side, side, x, y, size, size);
}

/**
 * In place of a poster that there is none of: the beginning of the clip's name.
 * @param {CanvasRenderingContext2D} paint
 * @param {string} label
 * @param {number} x
 * @param {number} y
 * @param {number} size
 * @param {{ground: string, ink: string}} colours
 */
export function drawTile(paint, label, x, y, size, colours) {
  paint.fillStyle = colours.ground;
  paint.fillRect(x + 1, y + 1, size - 2, size - 2);
  paint.fillStyle = colours.ink;
  paint.font = `${Math.min(28, Math.max(6, Math.round(size / 3)))}px sans-serif`;
  paint.textAlign = 'center';
  paint.textBaseline = 'middle';
  let text = label;
  while (text.length > 1 && paint.measureText(text).width > size - 4) text = text.slice(0, -1);
  paint.fillText(text, x + size / 2, y + size / 2);
}
