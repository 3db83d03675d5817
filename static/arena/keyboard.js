// @ts-check
/**
 * Keys: events -> actions.
 *
 * On a clip: arrows move it (Shift: far), P picks it up and places it, Space plays, Enter enlarges, S selects, Delete
 * puts it back on its seat, Escape lets go. On the stage itself arrows move the view. Anywhere: + - 0 magnify and show
 * the whole, Ctrl+Z and Ctrl+Y (or Ctrl+Shift+Z) undo and redo, Ctrl+A selects all placed clips.
 */

import { placedIn } from './state.js';
import { elementOf } from '../page.js';

const NEAR = 0.01; // arena units a key press moves a clip at zoom 1
const FAR = 0.1;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {HTMLElement} root
 * @param {object} arena
 * @param {() => import('./state.js').State} arena.state
 * @param {(action: import('./state.js').Action) => void} arena.dispatch
 * @param {(id: string, gesture: import('./attention.js').Gesture) => void} arena.attend see attention.js
 * @param {() => number} arena.now ms since the trial was shown
 * @returns {() => void} unbinds everything
 */
export function bindKeyboard(root, { state, dispatch, attend, now }) {
  let nudging = false; // an arrow key is down on a placed clip; letting the key go commits the movement

  /** @param {Event} event */
  const clipAt = (event) => elementOf(event).closest('[data-clip]')?.getAttribute('data-clip') ?? null;
  /** @param {string} id */
  const holds = (id) => {
    const { hand } = state();
    return hand?.how === 'key' && hand.ids.includes(id);
  };

  /** @param {KeyboardEvent} event @param {string|null} id @param {[number, number]} direction */
  function arrow(event, id, [right, up]) {
    const length = (event.shiftKey ? FAR : NEAR) / state().view.zoom;
    const by = { dx: right * length, dy: up * length };
    if (!id) {
      dispatch({ type: 'pan', dx: by.dx * 5, dy: by.dy * 5 });
      return;
    }
    if (!holds(id)) {
      nudging = id in placedIn(state());
      take(id);
      if (!nudging) return; // a waiting clip is taken up first, in the middle of the arena
    }
    dispatch({ type: 'step', ...by });
  }

  /** @param {string} id */
  function pickOrPlace(id) {
    if (holds(id)) dispatch({ type: 'drop', t: now() });
    else take(id);
  }

  /**
   * A clip that must be watched first is played instead.
   * @param {string} id
   */
  function take(id) {
    dispatch({ type: 'pick', id, how: 'key' });
    if (!holds(id)) attend(id, 'show');
  }

  function escape() {
    const { hand, lasso, enlarged, selected } = state();
    if (hand || lasso) dispatch({ type: 'cancel' });
    else if (enlarged) dispatch({ type: 'enlarge', id: null });
    else if (selected.length > 0) dispatch({ type: 'select', ids: [] });
    else return false;
    return true;
  }

  /** @type {Record<string, (id: string) => void>} */
  const onClip = {
    p: (id) => pickOrPlace(id),
    s: (id) => dispatch({ type: 'toggle', id }),
    ' ': (id) => attend(id, 'space'),
    Enter: (id) => {
      if (holds(id)) dispatch({ type: 'drop', t: now() });
      else dispatch({ type: 'enlarge', id: state().enlarged === id ? null : id });
    },
    Delete: (id) => dispatch({ type: 'putBack', id, t: now() }),
    Backspace: (id) => dispatch({ type: 'putBack', id, t: now() }),
  };
  /** @type {Record<string, () => void>} */
  const anywhere = {
    '+': () => magnify(1.25),
    '=': () => magnify(1.25),
    '-': () => magnify(0.8),
    0: () => dispatch({ type: 'whole' }),
  };
  /** @type {Record<string, (event: KeyboardEvent) => void>} */
  const withControl = {
    z: (event) => dispatch({ type: event.shiftKey ? 'redo' : 'undo', t: now() }),
    y: () => dispatch({ type: 'redo', t: now() }),
    a: () => dispatch({ type: 'select', ids: Object.keys(placedIn(state())) }),
  };

  /** @param {number} factor */
  function magnify(factor) {
    const { view } = state();
    dispatch({ type: 'zoom', factor, x: view.x, y: view.y });
  }

  /** @param {KeyboardEvent} event */
  function down(event) {
    const id = clipAt(event);
    const onStage = elementOf(event).closest('[data-stage]') !== null;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (event.altKey) return;
    if (event.ctrlKey || event.metaKey) {
      if (!withControl[key]) return;
      withControl[key](event);
    } else if (key === 'Escape') {
      if (!escape()) return;
    } else if (onStage && ARROWS[key]) {
      arrow(event, id, ARROWS[key]);
    } else if (id && onClip[key]) {
      if (!event.repeat) onClip[key](id);
    } else if (anywhere[key]) {
      anywhere[key]();
    } else {
      return;
    }
    event.preventDefault();
  }

  function dropNudged() {
    if (nudging && state().hand?.how === 'key') dispatch({ type: 'drop', t: now() });
    nudging = false;
  }

  /** @param {KeyboardEvent} event */
  const up = (event) => {
    if (ARROWS[event.key]) dropNudged();
  };
  /** @param {FocusEvent} event */
  function focusIn(event) {
    const id = clipAt(event);
    if (!id || !elementOf(event).matches(':focus-visible')) return;
    dispatch({ type: 'reveal', id });
    attend(id, 'focus');
  }
  /** @param {FocusEvent} event */
  function focusOut(event) {
    dropNudged();
    const id = clipAt(event);
    if (!id) return;
    if (holds(id)) dispatch({ type: 'drop', t: now() }); // walking away places what the keys hold
    attend(id, 'blur');
  }

  const bound = new AbortController();
  const { signal } = bound;
  root.addEventListener('keydown', down, { signal });
  root.addEventListener('keyup', up, { signal });
  root.addEventListener('focusin', focusIn, { signal });
  root.addEventListener('focusout', focusOut, { signal });
  return () => bound.abort();
}
