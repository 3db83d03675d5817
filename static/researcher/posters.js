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
