// @ts-check
/**
 * The arena: clips wait around a circle; the participant puts similar ones together and different ones apart.
 *
 * Arena units: centre (0, 0), diameter 1, y up. The bounding rectangle {left, top, width} of the element [data-arena]
 * is the circle's bounding square (also while magnified); the arena point (x, y) lies on the page at
 * clientX = left + (0.5 + x) * width, clientY = top + (0.5 - y) * width, and that is where the centre of a clip placed
 * at (x, y) is shown.
 *
 * The element needs a height (the arena fills it) and the style sheets arena.css, buttons.css, bar.css, panel.css and clips.css.
 *
 * Over 300 lines: it ties the arena's modules together, and its state lives in one closure.
 */

import { find, given } from '../page.js';
import { createAttention, ALWAYS_AT_ONCE } from './attention.js';
import { startClock } from './clock.js';
import { inputsOf } from './inputs.js';
import { bindKeyboard } from './keyboard.js';
import { placePanel } from './panel.js';
import { createPlayer } from './player.js';
import { bindPointer } from './pointer.js';
import { createRenderer } from './render.js';
import { resultOf } from './result.js';
import { createRoomNotes } from './small-window-notes.js';
import { seatPlan, typicalAspect } from './seats.js';
import { createState, isDone, placedIn, positionOf, update } from './state.js';
import { bindTools } from './tools.js';
import { buildView, faceOf } from './view.js';
import { announcement, nameOf, plainText, restoredWords, statusText } from './words.js';

/** @type {import('../task/session.js').Playback} */
const PLAYBACK = { play: 'hover', sound: false, loop: true, watch: 'free', enlarge: true };
/** @type {import('../task/session.js').ArenaLooks} */
const LOOKS = { guide_lines: false, hints: true, background: 'auto', min_window: null };

/**
 * @typedef {{id: string, label?: string, kind?: import('../task/session.js').Kind, caption?: string, width: number, height: number,
 *   poster: string, sound?: boolean, sources: Source[]}} ArenaClip `sound`: it can be heard, and where the study has sound it
 *   counts as watched only if it was. A picture has one source, itself at its full size, and counts as watched when it is shown
 * @typedef {import('../task/session.js').Source} Source
 * @typedef {import('./player.js').Sound} Sound
 * @typedef {import('./seats.js').SeatPlan} SeatPlan
 * @typedef {import('./result.js').Result} Result
 * @typedef {ReturnType<typeof mountArena>} Arena
 */

/**
 * @param {HTMLElement} element is emptied and filled
 * @param {object} options
 * @param {ArenaClip[]} options.clips in seat order
 * @param {string} options.question always shown above the arena
 * @param {Partial<typeof PLAYBACK>} [options.playback]
 * @param {Partial<typeof LOOKS>} [options.looks]
 * @param {{placements: {clip: string, x: number, y: number}[], watched?: string[]}|null} [options.draft]
 * @param {Sound} [options.sound] the participant's own setting, where the study has sound
 * @param {import('../task/text.js').Translate} [options.t]
 * @param {() => void} [options.onChange] after every change of the arrangement, and of what was watched
 * @param {(result: Result) => void} [options.onDone] when Done is pressed and nothing is missing
 * @param {(id: string) => void} [options.onClipError] when none of a clip's sources can be played
 * @returns `result()` has the keys of the submit body; `clipReady` may name sources to play from instead of the clip's own
 *   (for example a blob that was loaded already), and lets the arena prepare the clip before it is wanted
 * @throws {Error} when there are no clips, or two of them have the same id
 */
export function mountArena(element, options) {
  const { clips, question, draft = null, t = plainText } = options;
  const { onChange = () => {}, onDone = () => {}, onClipError = () => {} } = options;
  const playback = { ...PLAYBACK, ...options.playback };
  const looks = { ...LOOKS, ...options.looks };
  const ids = clips.map((clip) => clip.id);
  if (ids.length === 0) throw new Error('mountArena: a trial needs at least one clip');
  if (new Set(ids).size !== ids.length) throw new Error('mountArena: two clips have the same id');

  const labels = Object.fromEntries(clips.map((clip) => [clip.id, clip.label ?? '']));
  const media = new Map(clips.map((clip) => [clip.id, clip]));
  const inputs = inputsOf();
  const view = buildView(element, { clips, question, background: looks.background, inputs, t });
  const render = createRenderer(view, { labels, t, looks });
  const roomNotes = createRoomNotes(view, { minWindow: looks.min_window, inputs, t });
  const clock = startClock();
  /** @param {string} id */
  const mediaOf = (id) => given(media.get(id));
  /** @param {string} id */
  const itemOf = (id) => given(view.items.get(id));
  /** @param {string} id */
  const kindOf = (id) => mediaOf(id).kind ?? 'clip';
  /** @param {string} id */
  const audible = (id) => playback.sound && Boolean(mediaOf(id).sound);
  let state = createState(ids, {
    placements: draft?.placements,
    watched: draft?.watched,
    watch: playback.watch,
    sound: ids.some(audible),
  });
  /** @type {SeatPlan|null} */
  let plan = null;
  let frame = 0;
  /** @type {Set<string>} clips whose files are here: only these may be made ready ahead of their use */
  const loaded = new Set();

  /** @param {import('./state.js').Action} action */
  function dispatch(action) {
    const before = state;
    state = update(before, action);
    if (state === before) return;
    if (!frame) frame = requestAnimationFrame(draw);
    const words = announcement(before, state, labels, t);
    if (words) view.live.textContent = words;
    if (state.enlarged !== before.enlarged) enlarge(state.enlarged);
    if (state.history !== before.history || state.watched !== before.watched) onChange();
  }

  function draw() {
    frame = 0;
    if (plan) render(state, plan);
  }

  const settings = {
    clip: mediaOf,
    playback,
    audible,
    sound: options.sound,
    now: clock.now,
    onWatched: (/** @type {string} */ id) => dispatch({ type: 'watched', id }),
    onUnheard: (/** @type {string} */ id) =>
      (state.watch !== 'free' || kindOf(id) === 'sound') && dispatch({ type: 'unheard', id }),
    onProgress: (/** @type {string} */ id, /** @type {number} */ share) => {
      for (const element of [itemOf(id), view.panelBody]) element.style.setProperty('--seen', share.toFixed(3));
    },
    onError: (/** @type {string} */ id) => {
      dispatch({ type: 'failed', id });
      onClipError(id);
    },
  };
  const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  const mode = playback.play === 'always' && calm ? 'hover' : playback.play;
  const player = createPlayer({
    ...settings,
    host: itemOf,
    atOnce: mode === 'always' ? ALWAYS_AT_ONCE : 1,
    onEnded: (id) => attention.ended(id),
    playback: { ...playback, loop: playback.loop && !(mode === 'always' && ids.length > ALWAYS_AT_ONCE) },
  });
  const attention = createAttention(mode, ids, player, likelyAfter);
  const closeUp = createPlayer({ ...settings, host: () => view.panelBody, atOnce: 1, onEnded: () => {} });

  /**
   * The nearest clips, and the next in the order of Tab.
   * @param {string} id
   * @returns {string[]}
   */
  function likelyAfter(id) {
    const here = positionOf(state, id);
    /** @param {string} other */
    const distance = (other) => Math.hypot(positionOf(state, other).x - here.x, positionOf(state, other).y - here.y);
    const near = [...loaded].filter((other) => other !== id).sort((a, b) => distance(a) - distance(b));
    const next = ids[(ids.indexOf(id) + 1) % ids.length];
    return [...new Set(loaded.has(next) && next !== id ? [next, ...near.slice(0, 3)] : near.slice(0, 4))];
  }

  /** @param {string|null} id */
  function enlarge(id) {
    closeUp.stopAll();
    view.panel.hidden = id === null;
    if (id === null || !plan) return;
    if (kindOf(id) === 'sound') player.stopAll();
    else player.stop(id);
    showFace(id);
    view.panelName.textContent = nameOf(state, id, labels, t);
    placePanel(view, state, plan, id, mediaOf(id));
    closeUp.start(id, 'enlarged');
  }

  /**
   * In the panel: a picture at its full size, and what a sound looks like; a clip's video shows itself.
   * @param {string} id
   */
  function showFace(id) {
    const shown = mediaOf(id);
    view.panelBody.dataset.kind = kindOf(id);
    if (kindOf(id) === 'clip') view.panelBody.replaceChildren();
    else view.panelBody.replaceChildren(...faceOf(shown, kindOf(id) === 'sound' ? shown.poster : shown.sources[0].src));
  }

  /**
   * The picture itself in place of its smaller poster, where that is too small or could not be loaded.
   * @param {string} id
   */
  function sharpen(id) {
    const face = find(itemOf(id), 'img', HTMLImageElement);
    const pixels = (plan?.item.width ?? 0) * window.devicePixelRatio;
    if (face.complete && face.naturalWidth >= pixels) return;
    face.src = mediaOf(id).sources[0].src;
    awaitPicture(id);
  }

  /**
   * A picture is seen as soon as it is there.
   * @param {string} id
   */
  function awaitPicture(id) {
    if (kindOf(id) !== 'picture') return;
    const face = find(itemOf(id), 'img', HTMLImageElement);
    const seen = () => dispatch({ type: 'watched', id });
    if (face.complete && face.naturalWidth > 0) seen();
    else face.addEventListener('load', seen, { once: true });
  }

  function pauseWhileAway() {
    if (!document.hidden && !state.blocked) {
      attention.begin();
      return;
    }
    player.stopAll();
    closeUp.stopAll();
  }

  /** @param {import('./small-window.js').Size} stage */
  const planIn = ({ width, height }) => seatPlan(width, height, ids.length, typicalAspect(clips));

  function fitStage() {
    const { width, height } = view.stage.getBoundingClientRect();
    if (width === 0 || height === 0) return; // not shown: nothing to fit to
    const fitted = planIn({ width, height });
    plan = fitted;
    const { diameter } = fitted.box;
    const pitch = { x: fitted.item.width / diameter, y: fitted.item.height / diameter };
    const space = {
      seats: Object.fromEntries(ids.map((id, index) => [id, fitted.seats[index]])),
      reach: (pitch.x + pitch.y) / 4,
      pitch,
      extent: { x: width / 2 / diameter, y: height / 2 / diameter },
    };
    dispatch({ type: 'space', space });
    if (state.enlarged) placePanel(view, state, fitted, state.enlarged, mediaOf(state.enlarged));
    const blocked = roomNotes.tell({ width, height }, diameter, (size) => planIn(size).box.diameter);
    if (blocked !== state.blocked) block(blocked);
    cancelAnimationFrame(frame);
    draw(); // at once: a frame at the old size would be seen as a jump
  }

  /** @param {boolean} blocked */
  function block(blocked) {
    dispatch({ type: 'block', blocked });
    view.blocked.hidden = !blocked;
    view.stage.inert = view.bar.inert = blocked;
    clock.rest(blocked);
    pauseWhileAway();
    if (!blocked) focusNext();
  }

  function focusNext() {
    const waits = ids.find((id) => !(id in placedIn(state)));
    (waits === undefined ? view.done : itemOf(waits)).focus();
  }

  function result() {
    const plays = [...player.plays(), ...closeUp.plays()];
    return resultOf(state, { plays, plan, stage: view.stage, clock });
  }

  function done() {
    if (state.busy) return;
    if (isDone(state)) onDone(result());
    else view.live.textContent = statusText(state, t);
  }

  const bound = {
    state: () => state,
    dispatch: (/** @type {import('./state.js').Action} */ action) =>
      action.type === 'enlarge' && !playback.enlarge ? undefined : dispatch(action),
    box: () => given(plan).box,
    attend(/** @type {string|null} */ id, /** @type {import('./attention.js').Gesture} */ gesture) {
      if (state.blocked) return;
      attention.attend(id, gesture);
      // One sound at a time, here or in the panel.
      if (player.playing().some((each) => kindOf(each) === 'sound')) closeUp.stopAll();
    },
    now: clock.now,
  };
  const unbind = [
    bindPointer(view.stage, bound),
    bindKeyboard(view.root, bound),
    bindTools(view, bound, { done, closeNote: roomNotes.close }),
  ];
  document.addEventListener('visibilitychange', pauseWhileAway);
  window.addEventListener('resize', fitStage); // a window may shrink while the stage keeps its size
  const observer = new ResizeObserver(fitStage);
  observer.observe(view.stage);
  ids.forEach(awaitPicture);
  attention.begin();
  fitStage();
  view.live.textContent = restoredWords(state, t);

  return {
    result,
    focus: focusNext,
    /** @param {boolean} busy */
    setBusy: (busy) => dispatch({ type: 'busy', busy }),
    /** @param {Sound} sound */
    setSound(sound) {
      player.setSound(sound);
      closeUp.setSound(sound);
    },
    /** @param {string} id */
    clipFailed: (id) => dispatch({ type: 'failed', id }),
    /** @param {string} id @param {Source[]} [sources] */
    clipReady(id, sources) {
      if (sources) media.set(id, { ...mediaOf(id), sources });
      loaded.add(id);
      if (kindOf(id) === 'picture') sharpen(id);
      dispatch({ type: 'ready', id });
    },
    destroy() {
      observer.disconnect();
      document.removeEventListener('visibilitychange', pauseWhileAway);
      window.removeEventListener('resize', fitStage);
      for (const release of unbind) release();
      player.destroy();
      closeUp.destroy();
      clock.stop();
      cancelAnimationFrame(frame);
      element.replaceChildren();
    },
  };
}
