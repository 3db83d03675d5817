// @ts-check
/**
 * Mouse, pen and touch: events -> actions. Keeps only the gesture in progress; all else is in the state.
 *
 * On a clip: drag moves it (and the clips selected with it); click picks it, a click on the circle or on a placed clip
 * then puts it down there, and another click on itself takes the clip beneath it instead, or lets go; Shift or Ctrl
 * click selects; double click or long press enlarges. On free ground: drag draws a lasso; the middle button, or two
 * fingers, move and magnify the view; the wheel magnifies.
 *
 * Over 300 lines: one gesture has many ends, and each is told from the others here.
 *
 * @typedef {import('./geometry.js').Point} Point
 * @typedef {{kind: 'press'|'drag'|'lasso'|'pan'|'spent', pointer: number, type: string, id: string|null, from: Point,
 *   last: Point, pan: boolean, add: boolean}} Press one pointer, and what its press has become; spent: nothing more
 * @typedef {{kind: 'pinch', size: number, middle: Point}} Pinch two fingers
 */

import { RADIUS, toArena } from './geometry.js';
import { clipsAt, placedIn } from './state.js';
import { elementOf } from '../page.js';

/** @type {Record<string, number>} */
const SLOP = { mouse: 3, pen: 6, touch: 9 }; // pixels before a press becomes a drag
const DOUBLE = 350; // ms between two clicks that count as a double click
const NEAR = 12; // pixels between the clicks of a pair
const LONG = 550; // ms until a resting finger enlarges
const BORDER = 36; // pixels along the stage's border in which a drag moves a magnified view
const DRIFT = 0.25; // pixels a frame that the view moves, for each pixel the pointer is into the border

/**
 * @param {HTMLElement} stage
 * @param {object} arena
 * @param {() => import('./state.js').State} arena.state
 * @param {(action: import('./state.js').Action) => void} arena.dispatch
 * @param {() => import('./geometry.js').Box} arena.box
 * @param {(id: string|null, gesture: import('./attention.js').Gesture) => void} arena.attend see attention.js
 * @param {() => number} arena.now ms since the trial was shown
 * @returns {() => void} unbinds everything
 */
export function bindPointer(stage, { state, dispatch, box, attend, now }) {
  /** @type {Map<number, Point>} */
  const fingers = new Map();
  /** @type {Press|Pinch|null} */
  let gesture = null;
  let origin = { left: 0, top: 0, width: 0, height: 0 };
  /** @type {string|null} */
  let hovered = null;
  /** @type {{id: string|null, at: number}} */
  let lastClick = { id: null, at: -Infinity };
  let lastPut = { from: { x: 0, y: 0 }, at: -Infinity };
  /** @type {string[]} clips on one spot that clicks have taken in hand in turn */
  let tried = [];
  let longPress = 0;
  let drifting = 0;

  const measure = () => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    origin = { left, top, width, height };
  };
  // A window that changes its size in the middle of a drag moves the stage under the pointer.
  const observer = new ResizeObserver(measure);
  observer.observe(stage);
  /** @param {MouseEvent} event @returns {Point} */
  const pixel = (event) => ({ x: event.clientX - origin.left, y: event.clientY - origin.top });
  /** @param {Point} at */
  const toUnits = (at) => toArena(at, state().view, box());
  /** @param {Element|null} element */
  const clipAt = (element) => element?.closest('[data-clip]')?.getAttribute('data-clip') ?? null;

  /** @param {PointerEvent} event */
  function down(event) {
    if (elementOf(event).closest('[data-panel]') || state().busy || state().blocked) return;
    if (state().enlarged) dispatch({ type: 'enlarge', id: null });
    measure();
    const at = pixel(event);
    fingers.set(event.pointerId, at);
    if (event.pointerType === 'touch' && fingers.size === 2 && gesture?.kind !== 'drag') return beginPinch();
    if (gesture || event.button > 1) return;
    const id = event.button === 1 ? null : clipAt(elementOf(event));
    const pan = event.button === 1;
    const add = event.shiftKey || event.ctrlKey || event.metaKey;
    gesture = { kind: 'press', pointer: event.pointerId, type: event.pointerType, id, from: at, last: at, pan, add };
    if (pan) event.preventDefault(); // no autoscroll
    stage.setPointerCapture(event.pointerId);
    dispatch({ type: 'handOver', touch: event.pointerType !== 'mouse' });
    if (id && event.pointerType !== 'mouse') longPress = setTimeout(() => enlargeByPress(id), LONG);
  }

  /** @param {PointerEvent} event */
  function move(event) {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, pixel(event));
    if (!gesture) return;
    if (gesture.kind === 'pinch') return pinch(gesture);
    if (event.pointerId !== gesture.pointer || gesture.kind === 'spent') return;
    const at = pixel(event);
    if (gesture.kind === 'press') {
      if (Math.hypot(at.x - gesture.from.x, at.y - gesture.from.y) <= (SLOP[gesture.type] ?? SLOP.mouse)) return;
      clearTimeout(longPress);
      beginMove(gesture);
    }
    if (gesture.kind === 'drag') dispatch({ type: 'drag', ...toUnits(at) });
    if (gesture.kind === 'lasso') dispatch({ type: 'lasso', ...toUnits(at), add: gesture.add });
    if (gesture.kind === 'pan') panBy(gesture.last, at);
    gesture.last = at;
    if (gesture.kind === 'drag' && !drifting) drift();
  }

  /** A drag near the border of the stage takes a magnified view along, frame by frame. */
  function drift() {
    drifting = 0;
    if (gesture?.kind !== 'drag' || state().view.zoom === 1) return;
    const { last } = gesture;
    /** @param {number} at @param {number} size */
    const into = (at, size) => Math.min(0, at - BORDER) + Math.max(0, at - size + BORDER);
    const by = { x: DRIFT * into(last.x, origin.width), y: DRIFT * into(last.y, origin.height) };
    if (by.x === 0 && by.y === 0) return;
    panBy(by, { x: 0, y: 0 });
    dispatch({ type: 'drag', ...toUnits(last) });
    drifting = requestAnimationFrame(drift);
  }

  /**
   * The press has become a movement: of clips, of the lasso, or of the view.
   * @param {Press} press
   */
  function beginMove(press) {
    const { id, from } = press;
    if (state().hand?.shown) dispatch({ type: 'drop', t: now() }); // what the keys held stays where it is shown
    if (press.pan) {
      press.kind = 'pan';
    } else if (id) {
      dispatch({ type: 'grab', id, ...toUnits(from) });
      const held = state().hand?.ids[0] === id;
      press.kind = held ? 'drag' : 'spent';
      attend(id, held ? 'grab' : 'show'); // a clip that must be watched first is played instead
    } else {
      press.kind = 'lasso';
      dispatch({ type: 'lasso', ...toUnits(from), add: press.add });
    }
    lastClick = { id: null, at: -Infinity };
  }

  /** @param {PointerEvent} event */
  function up(event) {
    fingers.delete(event.pointerId);
    clearTimeout(longPress);
    if (!gesture || (gesture.kind !== 'pinch' && gesture.pointer !== event.pointerId)) return;
    const ended = gesture;
    if (ended.kind === 'pinch') {
      if (fingers.size === 0) gesture = null;
      return;
    }
    gesture = null;
    if (ended.kind === 'drag') dispatch({ type: 'drop', t: now() });
    if (ended.kind === 'lasso') dispatch({ type: 'lassoEnd' });
    if (ended.kind === 'press' && !ended.pan) click(ended, event);
    if (event.pointerType !== 'touch') hover(clipAt(document.elementFromPoint(event.clientX, event.clientY)));
  }

  /** @param {Press} press @param {PointerEvent} event */
  function click({ id, from, add, type }, event) {
    const { hand } = state();
    const point = toUnits(from);
    const at = event.timeStamp;
    const again = Math.hypot(from.x - lastPut.from.x, from.y - lastPut.from.y) <= NEAR && at - lastPut.at < DOUBLE;
    if (again) return; // the second click of a pair, whose first put down what was in hand
    if (!id) return clickOnGround(from, add, at);
    const isDouble = lastClick.id === id && at - lastClick.at < DOUBLE;
    lastClick = { id: isDouble || add ? null : id, at };
    if (isDouble) {
      dispatch({ type: 'cancel' });
      dispatch({ type: 'enlarge', id });
    } else if (hand && !add && !hand.ids.includes(id) && id in placedIn(state())) {
      put({ ...point, onto: id }, from, at);
    } else {
      attend(id, 'tap');
      if (add) dispatch({ type: 'toggle', id });
      else if (hand?.ids.includes(id)) clickOnHeld(hand, point, type);
      else pick(id, type, []);
    }
  }

  /** @param {Point} from @param {boolean} add @param {number} at */
  function clickOnGround(from, add, at) {
    const point = toUnits(from);
    const touches = Math.hypot(point.x, point.y) <= RADIUS + state().space.reach;
    attend(null, 'away');
    if (state().hand && touches) put(point, from, at);
    else if (state().hand) dispatch({ type: 'cancel' });
    else if (!add && state().selected.length > 0) dispatch({ type: 'select', ids: [] });
  }

  /** @param {{onto?: string} & Point} place @param {Point} from @param {number} at */
  function put(place, from, at) {
    lastPut = { from, at };
    attend(null, 'away');
    dispatch({ type: 'put', ...place, t: now() });
  }

  /**
   * Where clips lie on top of each other, clicks take them in turn.
   * @param {import('./hand.js').Hand} hand
   * @param {Point} point
   * @param {string} type
   */
  function clickOnHeld(hand, point, type) {
    if (hand.shown) return dispatch({ type: 'drop', t: now() });
    const beneath = hand.ids.length > 1 ? undefined : clipsAt(state(), point).find((each) => !tried.includes(each));
    if (beneath) pick(beneath, type, tried);
    else dispatch({ type: 'cancel' });
  }

  /** @param {string} id @param {string} type @param {string[]} before */
  function pick(id, type, before) {
    tried = [...before, id];
    dispatch({ type: 'pick', id, how: 'click', touch: type !== 'mouse' });
  }

  /** @param {string} id */
  function enlargeByPress(id) {
    if (gesture?.kind !== 'press') return;
    gesture.kind = 'spent';
    dispatch({ type: 'enlarge', id });
  }

  /** @param {Point} from @param {Point} to */
  function panBy(from, to) {
    const a = toUnits(from);
    const b = toUnits(to);
    dispatch({ type: 'pan', dx: a.x - b.x, dy: a.y - b.y });
  }

  function span() {
    const [a, b] = fingers.values();
    return { size: Math.max(1, Math.hypot(a.x - b.x, a.y - b.y)), middle: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } };
  }

  function beginPinch() {
    clearTimeout(longPress);
    if (gesture?.kind === 'lasso') dispatch({ type: 'cancel' });
    gesture = { kind: 'pinch', ...span() };
  }

  /** @param {Pinch} before */
  function pinch(before) {
    if (fingers.size < 2) return;
    const { size, middle } = span();
    panBy(before.middle, middle);
    dispatch({ type: 'zoom', factor: size / before.size, ...toUnits(middle) });
    gesture = { kind: 'pinch', size, middle };
  }

  /**
   * The system took the pointer away: what was in the hand goes back to where it was.
   * @param {PointerEvent} event
   */
  function cancelled(event) {
    fingers.delete(event.pointerId);
    clearTimeout(longPress);
    if (!gesture || (gesture.kind !== 'pinch' && gesture.pointer !== event.pointerId)) return;
    if (gesture.kind === 'drag' || gesture.kind === 'lasso') dispatch({ type: 'cancel' });
    gesture = null;
  }

  /** @param {string|null} id */
  function hover(id) {
    if (id === hovered) return;
    if (hovered) attend(hovered, 'leave');
    hovered = id;
    dispatch({ type: 'look' });
    if (id) attend(id, 'hover');
  }

  /** @param {PointerEvent} event */
  const over = (event) => {
    if (event.pointerType !== 'touch' && !gesture) hover(clipAt(elementOf(event)));
  };
  const leave = () => {
    if (!gesture) hover(null);
  };

  /** @param {WheelEvent} event */
  function wheel(event) {
    const lines = event.deltaMode === 1 ? 16 : 1;
    const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016));
    if (factor < 1 && state().view.zoom === 1 && !event.ctrlKey) return; // nothing to shrink: let the page scroll
    event.preventDefault();
    measure();
    dispatch({ type: 'zoom', factor, ...toUnits(pixel(event)) });
  }

  /** @param {Event} event */
  const prevent = (event) => event.preventDefault();
  const bound = new AbortController();
  const { signal } = bound;
  stage.addEventListener('pointerdown', down, { signal });
  stage.addEventListener('pointermove', move, { signal });
  stage.addEventListener('pointerup', up, { signal });
  stage.addEventListener('pointercancel', cancelled, { signal });
  stage.addEventListener('lostpointercapture', cancelled, { signal });
  stage.addEventListener('pointerover', over, { signal });
  stage.addEventListener('pointerleave', leave, { signal });
  stage.addEventListener('wheel', wheel, { signal, passive: false });
  stage.addEventListener('contextmenu', prevent, { signal });
  stage.addEventListener('dragstart', prevent, { signal });
  return () => {
    bound.abort();
    observer.disconnect();
    clearTimeout(longPress);
    cancelAnimationFrame(drifting);
  };
}
