// @ts-check
/** The clips on a map: posters or points, each of which plays while it is pointed at or focused. */

import { make } from './elements.js';

const MAX_POSTER = 76;
const MIN_POSTER = 22;
const POINT = 16;
const SHARE_OF_HEIGHT = 0.78;
const PREVIEW = 176;

/**
 * @typedef {{id: string, label: string, poster: string | null, sources: import('../task/session.js').Source[]}} Clip
 * @typedef {{clips: Clip[], positions: [number, number][], points: boolean, colours: (string | null)[], words: string}} View
 *   `positions` within -1 and 1, y upwards
 */

/**
 * @param {HTMLElement} element emptied and filled
 * @returns {{show: (view: View) => void}}
 */
export function mountMap(element) {
  const field = make('div', { class: 'field-of-clips' });
  const caption = make('p', { class: 'hint' });
  const video = make('video', { muted: true, loop: true, playsinline: true, preload: 'auto' });
  video.muted = true;
  const name = make('figcaption');
  const preview = make('figure', { class: 'preview', hidden: true, 'aria-hidden': 'true' }, video, name);
  element.replaceChildren(field, caption);
  /** @type {View | null} */
  let view = null;
  /** @type {HTMLElement[]} */
  let spots = [];

  /** @param {View} next */
  function show(next) {
    const sameClips =
      view &&
      view.clips.map((clip) => clip.id).join() === next.clips.map((clip) => clip.id).join() &&
      view.points === next.points;
    view = next;
    caption.textContent = next.words;
    if (!sameClips) {
      stop();
      spots = next.clips.map((clip) => spotOf(clip, next.points));
      field.replaceChildren(...spots, preview);
    }
    spots.forEach((spot, item) => spot.style.setProperty('--mark', next.colours[item] ?? 'transparent'));
    field.classList.toggle(
      'coloured',
      next.colours.some((colour) => colour !== null),
    );
    arrange();
  }

  /** @param {Clip} clip @param {boolean} points */
  function spotOf(clip, points) {
    const spot = make(
      'button',
      { type: 'button', class: points ? 'spot point' : 'spot', 'aria-label': `Play ${clip.label}` },
      points ? null : pictureOf(clip),
    );
    spot.addEventListener('pointerenter', () => play(clip, spot));
    spot.addEventListener('pointerleave', stop);
    spot.addEventListener('focus', () => play(clip, spot));
    spot.addEventListener('blur', stop);
    spot.addEventListener('click', () => play(clip, spot));
    return spot;
  }

  /** @param {Clip} clip its poster; data that were brought in come without, and then it is its name */
  function pictureOf(clip) {
    if (!clip.poster) return make('span', { class: 'tile', dir: 'auto' }, clip.label);
    return make('img', { src: clip.poster, alt: '', draggable: 'false' });
  }

  function arrange() {
    if (!view || element.clientWidth === 0) return;
    const { clips, points, positions } = view;
    const width = element.clientWidth;
    const side = Math.min(width, Math.max(240, SHARE_OF_HEIGHT * window.innerHeight));
    const size = points ? POINT : Math.min(Math.max(side / (1.9 * Math.sqrt(clips.length)), MIN_POSTER), MAX_POSTER);
    field.style.height = `${side}px`;
    const half = Math.min((width - size) / 2, ((side - size) / 2) * 1.25);
    const halfHigh = (side - size) / 2;
    // One scale for both axes: a distance means the same in every direction.
    const tallest = Math.max(...positions.map(([, y]) => Math.abs(y)), 1e-9);
    const widest = Math.max(...positions.map(([x]) => Math.abs(x)), 1e-9);
    const scale = Math.min(half / widest, halfHigh / tallest);
    spots.forEach((spot, item) => {
      const [x, y] = positions[item];
      spot.style.width = spot.style.height = `${size}px`;
      spot.style.left = `${width / 2 + scale * x - size / 2}px`;
      spot.style.top = `${side / 2 - scale * y - size / 2}px`;
    });
  }

  /** @param {Clip} clip @param {HTMLElement} spot */
  function play(clip, spot) {
    const source = clip.sources.find(({ type }) => video.canPlayType(type) !== '') ?? clip.sources[0];
    name.textContent = clip.label;
    preview.hidden = false;
    if (clip.poster) video.poster = clip.poster;
    const centre = spot.offsetLeft + spot.offsetWidth / 2;
    const below = spot.offsetTop < field.clientHeight / 2;
    preview.style.width = `${PREVIEW}px`;
    preview.style.left = `${Math.min(Math.max(centre - PREVIEW / 2, 0), Math.max(field.clientWidth - PREVIEW, 0))}px`;
    preview.style.top = below ? `${spot.offsetTop + spot.offsetHeight + 6}px` : 'auto';
    preview.style.bottom = below ? 'auto' : `${field.clientHeight - spot.offsetTop + 6}px`;
    if (!source) return;
    video.src = source.src;
    // Moving on before the first frame rejects the promise with an AbortError, which is no fault.
    video.play().catch((error) => {
      if (error.name !== 'AbortError') name.textContent = `${clip.label} (cannot be played here)`;
    });
  }

  function stop() {
    preview.hidden = true;
    video.pause();
  }

  new ResizeObserver(arrange).observe(element);
  return { show };
}
