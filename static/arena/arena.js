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

import { elementOf, find, given } from '../page.js';
import { createAttention, ALWAYS_AT_ONCE } from './attention.js';
import { inputsOf } from './inputs.js';
import { bindKeyboard } from './keyboard.js';
import { placePanel } from './panel.js';
import { createPlayer } from './player.js';
import { bindPointer } from './pointer.js';
import { bounded } from './record.js';
import { createRenderer } from './render.js';
import { blockedWords, judgeRoom, turnedStage, whatHelps } from './room.js';
import { seatPlan } from './seats.js';
import { createState, isDone, placedIn, positionOf, update } from './state.js';
import { buildView, faceOf, make } from './view.js';
import { announcement, nameOf, plainText, restoredWords, statusText } from './words.js';

/** @type {import('../task/session.js').Playback} */
const PLAYBACK = { play: 'hover', sound: false, loop: true, watch: 'free', enlarge: true };
/** @type {import('../task/session.js').ArenaLooks} */
const LOOKS = { guide_lines: false, hints: true, background: 'auto', min_window: null };

let noteClosed = false; // once a page: whoever has read that the arena is small need not read it at every trial

/**
 * @typedef {{id: string, label?: string, kind?: import('../task/session.js').Kind, caption?: string, width: number, height: number,
 *   poster: string, sound?: boolean, sources: Source[]}} ArenaClip `sound`: it can be heard, and where the study has sound it
 *   counts as watched only if it was. A picture has one source, itself at its full size, and counts as watched when it is shown
 * @typedef {import('../task/session.js').Source} Source
 * @typedef {import('./player.js').Sound} Sound
 * @typedef {import('./seats.js').SeatPlan} SeatPlan
 * @typedef {import('./room.js').Size} Size
 * @typedef {import('./record.js').Gap} Gap
 * @typedef {object} Result the keys of the submit body; times in ms, pixels are CSS pixels
 * @property {import('../task/session.js').Placement[]} placements
 * @property {import('./state.js').Move[]} moves
 * @property {import('./player.js').Play[]} plays
 * @property {string[]} watched
 * @property {string[]} unplayable
 * @property {Gap} [moves_gap]
 * @property {Gap} [plays_gap]
 * @property {number} duration
 * @property {number} hidden
 * @property {{width: number, height: number, pixel_ratio: number}} viewport
 * @property {{x: number, y: number, diameter: number, item: number}} arena
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

  function fitStage() {
    const { width, height } = view.stage.getBoundingClientRect();
    if (width === 0 || height === 0) return; // not shown: nothing to fit to
    const fitted = seatPlan(width, height, ids.length, typicalAspect(clips));
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
    tellOfRoom({ width, height }, diameter);
    cancelAnimationFrame(frame);
    draw(); // at once: a frame at the old size would be seen as a jump
  }

  /**
   * The window's inside is measured without what a finger magnifies or a keyboard on the screen covers.
   * @param {Size} stage
   * @param {number} diameter
   */
  function tellOfRoom(stage, diameter) {
    const screen = { width: document.documentElement.clientWidth, height: document.documentElement.clientHeight };
    const { width, height } = turnedStage(screen, stage);
    const turned = seatPlan(width, height, ids.length, typicalAspect(clips)).box.diameter;
    const place = { screen, diameter, turned };
    const room = judgeRoom(place, looks.min_window);
    const blocked = room?.blocked ?? false;
    view.note.hidden = room === null || blocked || noteClosed;
    if (room && !view.note.hidden)
      view.noteWords.textContent = `${t('The arena is small here.')} ${whatHelps(room, inputs, t)}`;
    if (blocked && looks.min_window) {
      const [heading, ...words] = blockedWords(screen, looks.min_window, inputs, t);
      const dir = 'auto';
      view.blocked.replaceChildren(make('h2', { dir }, heading), ...words.map((text) => make('p', { dir }, text)));
    }
    if (blocked !== state.blocked) block(blocked);
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

  /** @returns {Result} */
  function result() {
    const stage = view.stage.getBoundingClientRect();
    const box = plan?.box ?? { x: 0, y: 0, diameter: 0 };
    const placed = placedIn(state);
    const moves = bounded(state.moves);
    const plays = bounded([...player.plays(), ...closeUp.plays()].sort((a, b) => a.t - b.t));
    return {
      placements: ids.filter((id) => id in placed).map((id) => ({ clip: id, x: placed[id].x, y: placed[id].y })),
      moves: moves.kept.map((move) => ({ ...move, t: Math.round(move.t) })),
      plays: plays.kept,
      watched: ids.filter((id) => state.watched[id]),
      unplayable: ids.filter((id) => state.failed[id] && !state.watched[id]),
      ...(moves.gap && { moves_gap: moves.gap }),
      ...(plays.gap && { plays_gap: plays.gap }),
      duration: Math.round(clock.now()),
      hidden: Math.round(clock.hidden()),
      viewport: { width: window.innerWidth, height: window.innerHeight, pixel_ratio: window.devicePixelRatio },
      arena: { x: stage.left + box.x, y: stage.top + box.y, diameter: box.diameter, item: plan?.item.width ?? 0 },
    };
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
  const unbind = [bindPointer(view.stage, bound), bindKeyboard(view.root, bound), bindTools(view, bound, done)];
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

/** Monotonic time since now, and how much of it the page was hidden or had no room. */
function startClock() {
  const start = performance.now();
  let hiddenSince = document.hidden ? start : null;
  let hiddenFor = 0;
  let resting = false;
  const change = () => {
    const time = performance.now();
    if (hiddenSince !== null) hiddenFor += time - hiddenSince;
    hiddenSince = document.hidden || resting ? time : null;
  };
  document.addEventListener('visibilitychange', change);
  return {
    now: () => performance.now() - start,
    hidden: () => hiddenFor + (hiddenSince === null ? 0 : performance.now() - hiddenSince),
    /** @param {boolean} isResting */
    rest(isResting) {
      resting = isResting;
      change();
    },
    stop: () => document.removeEventListener('visibilitychange', change),
  };
}

/**
 * One shape for all clips of a trial, so that none looks larger than another: the median, within reason.
 * @param {Size[]} clips
 */
function typicalAspect(clips) {
  const aspects = clips.map((clip) => clip.width / clip.height).filter((each) => each > 0 && Number.isFinite(each));
  const median = aspects.sort((a, b) => a - b)[Math.floor(aspects.length / 2)] ?? 4 / 3;
  return Math.min(2.4, Math.max(0.42, median));
}

/**
 * @param {import('./view.js').ArenaView} view
 * @param {{dispatch: (action: import('./state.js').Action) => void, state: () => import('./state.js').State, now: () => number}} arena
 * @param {() => void} done
 */
function bindTools(view, { dispatch, state, now }, done) {
  /** @param {number} factor */
  const zoom = (factor) => dispatch({ type: 'zoom', factor, x: state().view.x, y: state().view.y });
  /** @param {boolean} shown */
  const showHelp = (shown) => {
    view.help.hidden = !shown;
    view.helpButton.setAttribute('aria-expanded', String(shown));
  };
  /** @param {KeyboardEvent|PointerEvent} event */
  const leaveHelp = (event) => {
    const away = event instanceof KeyboardEvent ? event.key === 'Escape' : !elementOf(event).closest('[data-panel]');
    if (away && !view.help.hidden) showHelp(false);
  };
  const closeNote = () => {
    noteClosed = true;
    view.note.hidden = true;
  };
  /** @type {Map<HTMLElement, () => void>} */
  const actions = new Map([
    [view.undo, () => dispatch({ type: 'undo', t: now() })],
    [view.redo, () => dispatch({ type: 'redo', t: now() })],
    [view.zoomOut, () => zoom(0.8)],
    [view.zoomIn, () => zoom(1.25)],
    [view.whole, () => dispatch({ type: 'whole' })],
    [view.close, () => dispatch({ type: 'enlarge', id: null })],
    [view.noteClose, closeNote],
    [view.helpButton, () => showHelp(view.help.hidden !== false)],
    [view.done, done],
  ]);
  for (const [button, action] of actions) button.addEventListener('click', action);
  view.stage.addEventListener('pointerdown', leaveHelp);
  view.root.addEventListener('keydown', leaveHelp);
  return () => {
    view.stage.removeEventListener('pointerdown', leaveHelp);
    view.root.removeEventListener('keydown', leaveHelp);
    for (const [button, action] of actions) button.removeEventListener('click', action);
  };
}
