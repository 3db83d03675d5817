/**
 * Keys: events -> actions.
 *
 * On a clip: arrows move it (Shift: far), P picks it up and places it, Space plays, Enter enlarges, S selects, Delete
 * puts it back on its seat, Escape lets go. On the stage itself arrows move the view. Anywhere: + - 0 magnify and show
 * the whole, Ctrl+Z and Ctrl+Y (or Ctrl+Shift+Z) undo and redo, Ctrl+A selects all placed clips.
 */

import { placedIn } from './state.js';

const NEAR = 0.01; // arena units a key press moves a clip at zoom 1
const FAR = 0.1;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * @param {HTMLElement} root
 * @param {object} arena
 * @param {() => import('./state.js').State} arena.state
 * @param {(action: object) => void} arena.dispatch
 * @param {(id: string, gesture: string) => void} arena.attend see attention.js
 * @param {() => number} arena.now ms since the trial was shown
 * @returns {() => void} unbinds everything
 */
export function bindKeyboard(root, { state, dispatch, attend, now }) {
  let nudging = false; // an arrow key is down on a placed clip; letting the key go commits the movement

  const clipAt = (target) => target.closest('[data-clip]')?.dataset.clip ?? null;
  const holds = (id) => state().hand?.how === 'key' && state().hand.ids.includes(id);

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

  function pickOrPlace(id) {
    if (holds(id)) dispatch({ type: 'drop', t: now() });
    else take(id);
  }

  /** A clip that must be watched first is played instead. */
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
  const anywhere = {
    '+': () => magnify(1.25),
    '=': () => magnify(1.25),
    '-': () => magnify(0.8),
    0: () => dispatch({ type: 'whole' }),
  };
  const withControl = {
    z: (event) => dispatch({ type: event.shiftKey ? 'redo' : 'undo', t: now() }),
    y: () => dispatch({ type: 'redo', t: now() }),
    a: () => dispatch({ type: 'select', ids: Object.keys(placedIn(state())) }),
  };

  function magnify(factor) {
    const { view } = state();
    dispatch({ type: 'zoom', factor, x: view.x, y: view.y });
  }

  function down(event) {
    const id = clipAt(event.target);
    const onStage = event.target.closest('[data-stage]') !== null;
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

  function settle() {
    if (nudging && state().hand?.how === 'key') dispatch({ type: 'drop', t: now() });
    nudging = false;
  }

  const up = (event) => {
    if (ARROWS[event.key]) settle();
  };
  function focusIn(event) {
    const id = clipAt(event.target);
    if (!id || !event.target.matches(':focus-visible')) return;
    dispatch({ type: 'reveal', id });
    attend(id, 'focus');
  }
  function focusOut(event) {
    settle();
    const id = clipAt(event.target);
    if (!id) return;
    if (holds(id)) dispatch({ type: 'drop', t: now() }); // walking away places what the keys hold
    attend(id, 'blur');
  }

  const listeners = [
    ['keydown', down],
    ['keyup', up],
    ['focusin', focusIn],
    ['focusout', focusOut],
  ];
  for (const [type, listener] of listeners) root.addEventListener(type, listener);
  return () => {
    for (const [type, listener] of listeners) root.removeEventListener(type, listener);
  };
}
