// @ts-check
/**
 * The state of one arena, as a plain object, and how actions change it: `update(state, action) -> state`. Pure; knows
 * neither the DOM nor pixels nor the clock (an action brings its own time, `t`). Whatever the sequence of actions,
 * every clip is inside the circle, on its seat, or in the hand.
 *
 * Over 300 lines: all actions on the state, next to each other.
 *
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {import('./hand.js').Hand} Hand
 * @typedef {object} Layout what undo takes back
 * @property {Object<string, Point>} placed positions of the clips in the arena; a clip that is absent waits on its seat
 * @property {string[]} stack the placed clips from the lowest to the topmost
 *
 * @typedef {object} State
 * @property {string[]} clips in seat order
 * @property {{seats: Object<string, Point>, reach: number, pitch: Point, extent: Point}} space of the stage, arena
 *   units: where each clip waits; how near a clip's centre must come to the circle to touch it; a clip's width and
 *   height; half the stage's
 * @property {import('./history.js').History<Layout>} history
 * @property {Hand|null} hand
 * @property {string[]} selected
 * @property {{points: Point[], keep: string[]}|null} lasso
 * @property {import('./geometry.js').View} view
 * @property {'free'|'before_placing'|'before_done'} watch
 * @property {boolean} sound whether clips have to be heard to count as watched
 * @property {Object<string, true>} watched clips seen (with sound: and heard) once to their end
 * @property {string|null} unheard the clip that just came to its end, or could not begin, without being heard
 * @property {boolean} restored whether this began with what an earlier page had arranged
 * @property {Object<string, true>} failed clips that could not be loaded; no rule holds them back
 * @property {string|null} toWatch the clip that was just asked for and has to be watched first (or was, since)
 * @property {string[]} fresh clips just put down by a press; on top until something else is looked at
 * @property {string|null} enlarged
 * @property {Move[]} moves
 * @property {boolean} blocked the window is too small for the study: nothing can be changed
 * @property {boolean} busy while an answer is on its way nothing can be changed
 * @property {boolean} glide whether clips should be seen travelling to where they are now
 *
 * @typedef {{clip: string, t: number, x: number|null, y: number|null, how: string}} Move null: back on its seat
 *
 * @typedef {object} Actions what each kind of action brings with it; points and steps in arena units, `t` in ms
 * @property {{space: State['space']}} space
 * @property {{id: string} & Point} grab
 * @property {Point} drag
 * @property {{id: string, how: 'click'|'key', touch?: boolean}} pick
 * @property {{touch?: boolean}} handOver
 * @property {{dx: number, dy: number}} step
 * @property {{onto?: string|null, t: number} & Point} put
 * @property {{t: number}} drop
 * @property {{}} cancel
 * @property {{id: string, t: number}} putBack
 * @property {{ids: string[]}} select
 * @property {{id: string}} toggle
 * @property {{add?: boolean} & Point} lasso
 * @property {{}} lassoEnd
 * @property {{t: number}} undo
 * @property {{t: number}} redo
 * @property {{factor: number} & Point} zoom
 * @property {{dx: number, dy: number}} pan
 * @property {{}} whole
 * @property {{id: string}} reveal
 * @property {{id: string}} watched
 * @property {{id: string}} unheard
 * @property {{id: string}} failed
 * @property {{id: string}} ready
 * @property {{id: string|null}} enlarge
 * @property {{}} look
 * @property {{busy: boolean}} busy
 * @property {{blocked: boolean}} block
 *
 * @typedef {{[Kind in keyof Actions]: {type: Kind} & Actions[Kind]}[keyof Actions]} Action
 */

import {
  WHOLE,
  clampToCircle,
  inPolygon,
  isInside,
  keepClear,
  limitView,
  magnified,
  reveal,
  zoomAround,
} from './geometry.js';
import { bring, carry, step, takeUp } from './hand.js';
import { STACKED } from './hints.js';
import { begin, commit, redo, undo } from './history.js';

/**
 * @param {string[]} clips in seat order
 * @param {{placements?: {clip: string, x: number, y: number}[], watched?: string[], watch?: State['watch'],
 *   sound?: boolean}} options a draft's placements and what was watched (clips that are not in this trial are left out),
 *   and the rule of watching
 * @returns {State}
 */
export function createState(clips, { placements = [], watched = [], watch = 'free', sound = false } = {}) {
  /** @type {State['watched']} */
  const seen = Object.fromEntries(watched.filter((id) => clips.includes(id)).map((id) => [id, true]));
  const known = placements.filter(({ clip }) => clips.includes(clip));
  const placed = Object.fromEntries(known.map(({ clip, x, y }) => [clip, clampToCircle({ x, y })]));
  return {
    clips,
    space: {
      seats: Object.fromEntries(clips.map((id) => [id, { x: 0, y: 0 }])),
      reach: 0,
      pitch: { x: 0, y: 0 },
      extent: { x: 1, y: 1 },
    },
    history: begin({ placed, stack: Object.keys(placed) }),
    hand: null,
    selected: [],
    lasso: null,
    view: WHOLE,
    watch,
    sound,
    watched: seen,
    unheard: null,
    restored: known.length > 0,
    failed: {},
    toWatch: null,
    fresh: NONE,
    enlarged: null,
    moves: [],
    blocked: false,
    busy: false,
    glide: false,
  };
}

/** @param {State} state @returns {Object<string, Point>} positions of the clips in the arena */
export const placedIn = (state) => state.history.present.placed;

/** @param {State} state @param {string} id @returns {Point} where the clip is shown, arena units */
export function positionOf(state, id) {
  return state.hand?.shown?.[id] ?? placedIn(state)[id] ?? state.space.seats[id];
}

/** @param {State} state @returns {string[]} clips that wait on their seats, in seat order */
export const waiting = (state) => state.clips.filter((id) => !(id in placedIn(state)));

/** @param {State} state @returns {string[]} clips that a rule still wants watched to the end */
export function unwatched(state) {
  return state.watch === 'free' ? [] : state.clips.filter((id) => !state.watched[id] && !state.failed[id]);
}

/** @param {State} state @returns {boolean} whether the trial may be handed in */
export function isDone(state) {
  return waiting(state).length === 0 && unwatched(state).length === 0 && !state.hand?.shown;
}

/**
 * @param {State} state
 * @param {Point} point arena units
 * @returns {string[]} the clips that lie there, the topmost first
 */
export function clipsAt(state, point) {
  const size = sizeOf(state);
  /** @param {string} id */
  const covers = (id) => {
    const at = positionOf(state, id);
    return Math.abs(at.x - point.x) <= size.x / 2 && Math.abs(at.y - point.y) <= size.y / 2;
  };
  const { stack } = state.history.present;
  return [...waiting(state), ...stack].reverse().filter(covers);
}

/**
 * A clip's width and height as it is drawn now, arena units.
 * @param {Pick<State, 'space'|'view'>} about
 * @returns {Point}
 */
function sizeOf({ space, view }) {
  const shrink = magnified(view.zoom) / view.zoom;
  return { x: space.pitch.x * shrink, y: space.pitch.y * shrink };
}

/**
 * Where a clip goes that is put down on another one: where the press was, yet never so near that it would hide the other.
 * A press on the very middle puts it on the side from which it comes.
 * @param {State} state
 * @param {Hand} hand
 * @param {string} onto
 * @param {Point} point
 * @returns {Point}
 */
function beside(state, hand, onto, point) {
  const other = positionOf(state, onto);
  const size = sizeOf(state);
  const clear = { x: 1.01 * STACKED * size.x, y: 1.01 * STACKED * size.y };
  const there = keepClear(point, other, clear, positionOf(state, hand.ids[0]));
  return isInside(there) ? there : keepClear(other, other, clear, { x: 0, y: 0 });
}

/**
 * Whether the watching rule keeps this clip on its seat.
 * @param {State} state
 * @param {string} id
 */
const isHeldBack = (state, id) =>
  state.watch === 'before_placing' && !(id in placedIn(state)) && !state.watched[id] && !state.failed[id];

/** @type {{[Kind in keyof Actions]: (state: State, action: Actions[Kind]) => State}} */
const ACTIONS = {
  space: (state, { space }) => ({ ...state, space, view: limitView(state.view, space.extent) }),
  grab: (state, { id, x, y }) => {
    const seat = positionOf(state, id);
    return withHand(state, id, 'drag', (hand) => {
      const first = hand.base[id];
      return { ...hand, start: { x: x - seat.x + first.x, y: y - seat.y + first.y } };
    });
  },
  drag: (state, { x, y }) => (state.hand ? { ...state, hand: carry(state.hand, { x, y }, state.space.reach) } : state),
  pick: (state, { id, how, touch = false }) =>
    withHand(state, id, how, (hand) => (how === 'key' ? step(hand, 0, 0) : { ...hand, touch })),
  // The pointer goes on with what the keys hold.
  handOver: (state, { touch = false }) =>
    state.hand?.how === 'key' ? { ...state, hand: { ...state.hand, how: 'click', touch } } : state,
  step: (state, { dx, dy }) => (state.hand ? follow({ ...state, hand: step(state.hand, dx, dy) }) : state),
  put: (state, { x, y, onto = null, t }) => {
    if (!state.hand) return state;
    const point = onto === null ? { x, y } : beside(state, state.hand, onto, { x, y });
    return { ...drop({ ...state, hand: bring(state.hand, point) }, t), fresh: state.hand.ids };
  },
  drop: (state, { t }) => drop(state, t),
  cancel: (state) => (state.hand || state.lasso ? { ...state, hand: null, lasso: null, glide: true } : state),
  putBack: (state, { id, t }) => {
    const ids = groupOf(state, id).filter((each) => each in placedIn(state));
    return place({ ...state, hand: null }, Object.fromEntries(ids.map((each) => [each, null])), 'key', t);
  },
  select: (state, { ids }) => ({ ...state, selected: ids.filter((id) => state.clips.includes(id)) }),
  toggle: (state, { id }) => ({
    ...state,
    hand: null,
    selected: state.selected.includes(id) ? state.selected.filter((each) => each !== id) : [...state.selected, id],
  }),
  lasso: (state, { x, y, add }) => {
    const lasso = state.lasso ?? { points: [], keep: add ? state.selected : [] };
    const points = [...lasso.points, { x, y }];
    const caught = state.clips.filter((id) => lasso.keep.includes(id) || inPolygon(positionOf(state, id), points));
    return { ...state, hand: null, lasso: { ...lasso, points }, selected: caught };
  },
  lassoEnd: (state) => ({ ...state, lasso: null }),
  undo: (state, { t }) => travel(state, undo(state.history), 'undo', t),
  redo: (state, { t }) => travel(state, redo(state.history), 'redo', t),
  zoom: (state, { factor, x, y }) => ({
    ...state,
    view: zoomAround(state.view, factor, { x, y }, state.space.extent),
  }),
  pan: (state, { dx, dy }) => ({
    ...state,
    view: limitView({ ...state.view, x: state.view.x + dx, y: state.view.y + dy }, state.space.extent),
  }),
  whole: (state) => ({ ...state, view: WHOLE, glide: true }),
  reveal: (state, { id }) => ({ ...state, view: reveal(state.view, positionOf(state, id), state.space.extent) }),
  watched: (state, { id }) => {
    const { [id]: _, ...failed } = state.failed;
    return { ...state, failed, unheard: null, watched: { ...state.watched, [id]: true } };
  },
  unheard: (state, { id }) => ({ ...state, unheard: id }),
  failed: (state, { id }) => ({ ...state, failed: { ...state.failed, [id]: true } }),
  ready: (state, { id }) => {
    const { [id]: _, ...failed } = state.failed;
    return { ...state, failed };
  },
  enlarge: (state, { id }) => ({ ...state, enlarged: id }),
  // At another clip than before: what was just put down is no longer special.
  look: (state) => (state.fresh.length > 0 ? { ...state, fresh: NONE } : state),
  busy: (state, { busy }) => ({ ...state, busy, hand: null, lasso: null }),
  block: (state, { blocked }) => ({ ...state, blocked, hand: null, lasso: null, enlarged: null }),
};

/** @type {string[]} */
const NONE = [];
Object.freeze(NONE);

/**
 * Actions that say something about the stage or the clips rather than change the arrangement.
 * @type {Set<keyof Actions>}
 */
const ALWAYS = new Set([
  'space',
  'watched',
  'unheard',
  'failed',
  'ready',
  'busy',
  'block',
  'look',
  'enlarge',
  'zoom',
  'pan',
  'whole',
  'reveal',
]);

/**
 * @param {State} state
 * @param {Action} action
 * @returns {State} the same object where the action changes nothing
 * @throws {Error} for an action that is not known
 */
export function update(state, action) {
  const act = /** @type {(state: State, action: Action) => State} */ (ACTIONS[action.type]);
  if (!act) throw new Error(`unknown action: ${action.type}`);
  if ((state.busy || state.blocked) && !ALWAYS.has(action.type)) return state;
  const done = ALWAYS.has(action.type) ? {} : { toWatch: null, fresh: NONE };
  const calm = { ...state, glide: false, ...done };
  const unchanged = /** @type {(keyof State)[]} */ (Object.keys(calm)).every((key) => calm[key] === state[key]);
  return act(unchanged ? state : calm, action);
}

/**
 * The clips that move with this one: the selected ones of its kind (placed, or waiting) if it is selected itself.
 * @param {State} state
 * @param {string} id
 */
function groupOf(state, id) {
  if (!state.selected.includes(id)) return [id];
  const isPlaced = id in placedIn(state);
  const others = state.selected.filter((each) => each !== id && each in placedIn(state) === isPlaced);
  return [id, ...others.filter((each) => !isHeldBack(state, each))];
}

/**
 * @param {State} state
 * @param {string} id
 * @param {Hand['how']} how
 * @param {(hand: Hand) => Hand} prepare
 * @returns {State}
 */
function withHand(state, id, how, prepare) {
  if (!state.clips.includes(id)) return state;
  if (isHeldBack(state, id)) return { ...state, hand: how === 'click' ? state.hand : null, toWatch: id };
  const selected = state.selected.length === 0 || state.selected.includes(id) ? state.selected : [];
  const ids = groupOf({ ...state, selected }, id);
  const hand = prepare(takeUp(ids, how, placedIn(state), state.space.pitch));
  return follow({ ...state, selected, hand, lasso: null });
}

/**
 * Keep what the keys move in sight.
 * @param {State} state
 * @returns {State}
 */
function follow(state) {
  if (state.hand?.how !== 'key') return state;
  return { ...state, view: reveal(state.view, positionOf(state, state.hand.ids[0]), state.space.extent) };
}

/** @param {State} state @param {number} t @returns {State} */
function drop(state, t) {
  const { hand } = state;
  if (!hand) return state;
  if (!hand.shown) return { ...state, hand: null };
  /** @type {Record<string, Point|null>} */
  const target = hand.inside ? hand.shown : Object.fromEntries(hand.ids.map((id) => [id, null]));
  const how = hand.ids.length > 1 && hand.how === 'drag' ? 'lasso' : hand.how;
  return { ...place({ ...state, hand: null }, target, how, t), glide: !hand.inside };
}

/**
 * Commit new places: a point, or null for the seat. Clips that are where they should be are left alone.
 * @param {State} state
 * @param {Record<string, Point|null>} target
 * @param {string} how
 * @param {number} t
 * @returns {State}
 */
function place(state, target, how, t) {
  const { placed, stack } = state.history.present;
  const changed = Object.keys(target).filter((id) => !samePlace(placed[id] ?? null, target[id]));
  if (changed.length === 0) return state;
  const next = { ...placed };
  for (const id of changed) {
    const point = target[id];
    if (point) next[id] = point;
    else delete next[id];
  }
  const lifted = changed.filter((id) => target[id]);
  const layout = { placed: next, stack: [...stack.filter((id) => !changed.includes(id)), ...lifted] };
  return { ...state, history: commit(state.history, layout), moves: logged(state.moves, placed, next, how, t) };
}

/** @param {State} state @param {State['history']} history @param {string} how @param {number} t @returns {State} */
function travel(state, history, how, t) {
  const before = placedIn(state);
  const moves = logged(state.moves, before, history.present.placed, how, t);
  return { ...state, history, hand: null, lasso: null, moves, glide: true };
}

/**
 * @param {Move[]} moves
 * @param {Layout['placed']} before
 * @param {Layout['placed']} after
 * @param {string} how
 * @param {number} t
 * @returns {Move[]}
 */
function logged(moves, before, after, how, t) {
  const ids = Object.keys({ ...before, ...after }).filter((id) => !samePlace(before[id] ?? null, after[id] ?? null));
  /** @param {string} clip */
  const entry = (clip) => ({ clip, t, x: after[clip]?.x ?? null, y: after[clip]?.y ?? null, how });
  return ids.length === 0 ? moves : [...moves, ...ids.map(entry)];
}

/** @param {Point|null} a @param {Point|null} b */
const samePlace = (a, b) => a === b || (a !== null && b !== null && a.x === b.x && a.y === b.y);
