// @ts-check
/** The clips on a map, flat or one that can be turned: posters or points, each of which plays while it is pointed at or focused. */

import { make } from './elements.js';
import { mountDrawing } from './map-drawing.js';
import { turnControls } from './turn-controls.js';
import { FRONT, fromBehind, NEAREST, REACH, turned, withinOne } from './turning.js';

const MAX_POSTER = 76;
const MIN_POSTER = 22;
const POINT = 16;
const SHARE_OF_HEIGHT = 0.78;
const PREVIEW = 176;
/** More clips than this are drawn while they turn, and are buttons again after a pause. */
const MAX_BUTTONS = 150;
const PAUSE_MS = 150;
/** How a map of three dimensions stands at first: turned a little, so that its depth is seen. */
const AT_FIRST = turned(FRONT, 0.4, -0.3);

/**
 * @typedef {{id: string, label: string, poster: string | null, sources: import('../task/session.js').Source[]}} Clip
 * @typedef {{clips: Clip[], positions: number[][], points: boolean, colours: (string | null)[], words: string}} View
 *   `positions` within -1 and 1, y upwards, of two or three
 *   dimensions
 * @typedef {{x: number, y: number, size: number}} Spot  where its middle is, in pixels, and how many times its size it is
 */

/**
 * @param {HTMLElement} element emptied and filled
 * @returns {{show: (view: View) => void, say: (words: string) => void}} `say` puts words in the caption's place
 */
export function mountMap(element) {
  const ground = make('div', { class: 'ground' });
  const caption = make('p', { class: 'hint' });
  const video = make('video', { muted: true, loop: true, playsinline: true, preload: 'auto' });
  video.muted = true;
  const name = make('figcaption');
  const preview = make('figure', { class: 'preview', hidden: true, 'aria-hidden': 'true' }, video, name);
  const field = make('div', { class: 'field-of-clips' }, ground, preview);
  const drawing = mountDrawing(field);
  const turns = turnControls(field, (right, up) => {
    side = turned(side, right, up);
    stop();
    if (frame === 0) frame = requestAnimationFrame(turnTo);
  });
  element.replaceChildren(field, turns, caption);
  /** @type {View | null} */
  let view = null;
  /** @type {HTMLElement[]} */
  let spots = [];
  /** @type {Spot[]} */
  let places = [];
  let size = 0;
  let side = AT_FIRST;
  let radius = 1;
  /** @type {number[][]} of three dimensions, the farthest clip 1 from the middle */
  let solid = [];
  let frame = 0;
  let pause = 0;

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
      ground.replaceChildren(...spots);
    }
    spots.forEach((spot, item) => spot.style.setProperty('--mark', next.colours[item] ?? 'transparent'));
    field.classList.toggle(
      'coloured',
      next.colours.some((colour) => colour !== null),
    );
    setTurnable(next.positions[0].length === 3);
    arrange();
  }

  /** @param {boolean} turnable */
  function setTurnable(turnable) {
    solid = view && turnable ? withinOne(view.positions) : [];
    turns.hidden = !turnable;
    field.classList.toggle('turnable', turnable);
    const about = {
      role: 'region',
      tabindex: '0',
      'aria-label': 'Map of the clips in three dimensions; arrow keys turn it',
    };
    for (const [key, value] of Object.entries(about)) {
      if (turnable) field.setAttribute(key, value);
      else field.removeAttribute(key);
    }
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
    const height = Math.min(width, Math.max(240, SHARE_OF_HEIGHT * window.innerHeight));
    size = points ? POINT : Math.min(Math.max(height / (1.9 * Math.sqrt(clips.length)), MIN_POSTER), MAX_POSTER);
    field.style.height = `${height}px`;
    for (const spot of spots) spot.style.width = spot.style.height = `${size}px`;
    if (solid.length > 0) {
      radius = (height - NEAREST * size) / (2 * REACH);
      rest();
      return;
    }
    const half = Math.min((width - size) / 2, ((height - size) / 2) * 1.25);
    const halfHigh = (height - size) / 2;
    // One scale for both axes: a distance means the same in every direction.
    const tallest = Math.max(...positions.map(([, y]) => Math.abs(y)), 1e-9);
    const widest = Math.max(...positions.map(([x]) => Math.abs(x)), 1e-9);
    const scale = Math.min(half / widest, halfHigh / tallest);
    put(positions.map(([x, y]) => ({ x: scale * x, y: -scale * y, size: 1 })));
  }

  /** Draw the map from the side that it is turned to. */
  function turnTo() {
    frame = 0;
    if (spots.length <= MAX_BUTTONS) {
      rest();
      return;
    }
    drawing.draw(spots, fromBehind(side, solid, radius), size);
    field.classList.add('turning');
    clearTimeout(pause);
    pause = window.setTimeout(rest, PAUSE_MS);
  }

  /** Put the clips where they are seen from that side. */
  function rest() {
    clearTimeout(pause);
    /** @type {Spot[]} */
    const next = [];
    if (solid.length > 0) for (const { item, ...place } of fromBehind(side, solid, radius)) next[item] = place;
    if (next.length > 0) put(next);
    field.classList.remove('turning');
    drawing.clear();
  }

  /** @param {Spot[]} next from the field's middle; by transforms alone, so that turning lays nothing out */
  function put(next) {
    places = next;
    next.forEach(({ x, y, size: times }, item) => {
      const { style } = spots[item];
      style.transform = `translate(${x - size / 2}px, ${y - size / 2}px) scale(${times})`;
      // A coarse order is enough, and seldom changes.
      const order = String(Math.round(40 * times));
      if (style.zIndex !== order) style.zIndex = order;
    });
  }

  /** @param {Clip} clip @param {HTMLElement} spot */
  function play(clip, spot) {
    const source = clip.sources.find(({ type }) => video.canPlayType(type) !== '') ?? clip.sources[0];
    name.textContent = clip.label;
    preview.hidden = false;
    if (clip.poster) video.poster = clip.poster;
    const { x, y, size: times } = places[spots.indexOf(spot)];
    const centre = field.clientWidth / 2 + x;
    const middle = field.clientHeight / 2 + y;
    const away = (times * size) / 2 + 6;
    const below = middle - away < field.clientHeight / 2;
    preview.style.width = `${PREVIEW}px`;
    preview.style.left = `${Math.min(Math.max(centre - PREVIEW / 2, 0), Math.max(field.clientWidth - PREVIEW, 0))}px`;
    preview.style.top = below ? `${middle + away}px` : 'auto';
    preview.style.bottom = below ? 'auto' : `${field.clientHeight - middle + away}px`;
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
  return {
    show,
    say: (words) => {
      caption.textContent = words;
    },
  };
}
