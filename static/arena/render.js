// @ts-check
/**
 * Draws the state: one function, called from requestAnimationFrame. It remembers what it wrote last and touches an
 * element only where something differs, so that a drag among a hundred clips writes one transform a frame.
 *
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./seats.js').SeatPlan} SeatPlan
 * @typedef {import('./state.js').State} State
 * @typedef {{point?: Point, view?: State['view'], plan?: SeatPlan, level?: number, className?: string, name?: string}} Drawn
 *   what was last written of a clip
 */

import { magnified, toPixels } from './geometry.js';
import { hintFor, hintText } from './hints.js';
import { isDone, placedIn, positionOf } from './state.js';
import { given } from '../page.js';
import { describe, guidance, restoredWords, statusText } from './words.js';

const GUIDES = 5; // lines to this many nearest neighbours

/**
 * @param {import('./view.js').ArenaView} view
 * @param {object} options
 * @param {import('./words.js').Labels} options.labels
 * @param {import('../task/text.js').Translate} options.t
 * @param {{guide_lines: boolean, hints: boolean}} options.looks
 * @returns {(state: State, plan: SeatPlan) => void}
 */
export function createRenderer(view, { labels, t, looks }) {
  const clips = new Map([...view.items].map(([id, element]) => [id, { element, before: /** @type {Drawn} */ ({}) }]));
  /** @param {string} id */
  const clipOf = (id) => given(clips.get(id));
  /** @type {Record<string, string|boolean>} */
  const written = {};
  /** @type {State|null} */
  let drawn = null;
  /** @type {SeatPlan|null} */
  let drawnPlan = null;

  /** @template {string|boolean} T @param {string} key @param {T} value @param {(value: T) => void} set */
  function write(key, value, set) {
    if (written[key] === value) return;
    written[key] = value;
    set(value);
  }

  /** @param {SeatPlan} plan */
  function drawSize({ item, box }) {
    view.circle.style.width = view.circle.style.height = `${box.diameter}px`;
    for (const element of [...view.items.values(), ...view.seats.values()]) {
      element.style.width = `${item.width}px`;
      element.style.height = `${item.height}px`;
    }
  }

  /** @param {State} state @param {SeatPlan['box']} box */
  function drawCircle(state, box) {
    const { zoom } = state.view;
    const centre = toPixels({ x: 0, y: 0 }, state.view, box);
    const half = (box.diameter * zoom) / 2;
    // Scaled rather than resized: sizes are rounded to 1/64 pixel, transforms are not.
    write('circle', `translate(${centre.x - half}px, ${centre.y - half}px) scale(${zoom})`, (transform) => {
      view.circle.style.transform = transform;
      view.circle.style.setProperty('--zoom', String(zoom));
    });
    const { hand } = state;
    view.circle.classList.toggle('is-target', hand !== null && (hand.inside || !hand.shown));
  }

  /** @param {Point} point @param {State} state @param {SeatPlan} plan */
  function transformAt(point, state, { box, item }) {
    const at = toPixels(point, state.view, box);
    const shift = `translate(${at.x - item.width / 2}px, ${at.y - item.height / 2}px)`;
    return state.view.zoom === 1 ? shift : `${shift} scale(${magnified(state.view.zoom)})`;
  }

  /** @param {State} state @param {SeatPlan} plan @param {string} id @param {number} level */
  function drawItem(state, plan, id, level) {
    const { before, element } = clipOf(id);
    const point = positionOf(state, id);
    if (before.point !== point || before.view !== state.view || before.plan !== plan) {
      Object.assign(before, { point, view: state.view, plan });
      element.style.transform = transformAt(point, state, plan);
    }
    if (before.level !== level) element.style.zIndex = String((before.level = level));
  }

  /** @param {State} state @param {string} id */
  function drawMarks(state, id) {
    const hand = state.hand?.ids.includes(id) ? state.hand : null;
    const marks = [
      'clip',
      hand?.shown ? 'is-held' : '',
      state.fresh.includes(id) ? 'is-fresh' : '',
      hand && !hand.shown ? 'is-picked' : '',
      hand?.shown && !hand.inside ? 'is-leaving' : '',
      state.selected.includes(id) ? 'is-selected' : '',
      state.failed[id] ? 'is-failed' : '',
      state.watch !== 'free' && !state.watched[id] && !state.failed[id] ? 'is-unwatched' : '',
      state.toWatch === id && !state.watched[id] ? 'is-to-watch' : '',
      state.enlarged === id ? 'is-enlarged' : '',
    ];
    const { before, element } = clipOf(id);
    const className = marks.filter(Boolean).join(' ');
    if (before.className !== className) element.className = before.className = className;
    const name = describe(state, id, labels, t);
    if (before.name !== name) {
      before.name = name;
      element.setAttribute('aria-label', name);
      element.setAttribute('aria-pressed', String(hand !== null || state.selected.includes(id)));
    }
  }

  /**
   * The empty seats of what is in the hand, so that it is seen where clips would return to.
   * @param {State} state
   * @param {SeatPlan} plan
   */
  function drawSeats(state, plan) {
    const shown = state.hand?.shown ? state.hand.ids : [];
    for (const [id, element] of view.seats) {
      const wanted = shown.includes(id);
      if (element.hidden && !wanted) continue;
      element.hidden = !wanted;
      element.style.transform = transformAt(state.space.seats[id], state, plan);
    }
  }

  /** @param {State} state @param {SeatPlan} plan */
  function drawInk(state, plan) {
    /** @param {Point} point */
    const pixels = (point) => toPixels(point, state.view, plan.box);
    const lasso = (state.lasso?.points ?? []).map(pixels);
    const path = lasso.length > 1 ? `M${lasso.map(({ x, y }) => `${x} ${y}`).join('L')}Z` : '';
    write('lasso', path, (d) => view.lasso.setAttribute('d', d));
    write('guides', guidePath(state, pixels), (d) => view.guides.setAttribute('d', d));
  }

  /** @param {State} state @param {(point: Point) => Point} pixels */
  function guidePath(state, pixels) {
    const { hand } = state;
    if (!looks.guide_lines || !hand?.shown || !hand.inside) return '';
    const here = hand.shown[hand.ids[0]];
    const others = Object.entries(placedIn(state)).filter(([id]) => !hand.ids.includes(id));
    const nearest = others
      .map(([, point]) => ({ point, distance: Math.hypot(point.x - here.x, point.y - here.y) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, GUIDES);
    const from = pixels(here);
    return nearest.map(({ point }) => `M${from.x} ${from.y}L${pixels(point).x} ${pixels(point).y}`).join('');
  }

  /** @param {State} state */
  function drawBar(state) {
    const done = isDone(state);
    const { past, future, present } = state.history;
    const hint = done && looks.hints ? hintText(hintFor(present.placed, state.space.pitch), t) : '';
    /** @param {HTMLElement} button @param {boolean} off */
    const disable = (button, off) => button.setAttribute('aria-disabled', String(off));
    write('status', statusText(state, t), (text) => (view.status.textContent = text));
    write(
      'guidance',
      guidance(state, labels, t) || hint || restoredWords(state, t),
      (text) => (view.guidance.textContent = text),
    );
    write('done', done && !state.busy, (ready) => disable(view.done, !ready));
    write('undo', past.length > 0 && !state.busy, (can) => disable(view.undo, !can));
    write('redo', future.length > 0 && !state.busy, (can) => disable(view.redo, !can));
    write('zoomed', state.view.zoom > 1, (zoomed) => {
      view.root.classList.toggle('is-magnified', zoomed);
      disable(view.zoomOut, !zoomed);
      disable(view.whole, !zoomed);
    });
    write('busy', state.busy, (busy) => view.root.setAttribute('aria-busy', String(busy)));
  }

  return function render(state, plan) {
    if (state === drawn && plan === drawnPlan) return;
    if (plan !== drawnPlan) drawSize(plan);
    write('glide', state.glide, (glide) => view.root.classList.toggle('is-gliding', glide));
    drawCircle(state, plan.box);
    const { stack } = state.history.present;
    const levels = new Map(stack.map((id, index) => [id, index + 1]));
    const before = drawn;
    const allChanged = !before || MARKS.some((key) => state[key] !== before[key]);
    const inHands = state.hand === before?.hand ? [] : [...(state.hand?.ids ?? []), ...(before?.hand?.ids ?? [])];
    for (const id of state.clips) {
      const held = state.hand?.shown && state.hand.ids.includes(id);
      drawItem(state, plan, id, held ? stack.length + 2 : (levels.get(id) ?? 0));
      if (allChanged || inHands.includes(id)) drawMarks(state, id);
    }
    drawSeats(state, plan);
    drawInk(state, plan);
    drawBar(state);
    drawn = state;
    drawnPlan = plan;
  };
}

/**
 * What any clip's look and name may depend on; a hand concerns its own clips only, the rest of the state none.
 * @type {(keyof State)[]}
 */
const MARKS = ['history', 'selected', 'watched', 'failed', 'toWatch', 'fresh', 'enlarged'];
