// @ts-check
/** The buttons of the arena: what a click on each of them does. */
import { elementOf } from '../page.js';

/**
 * @param {import('./view.js').ArenaView} view
 * @param {{dispatch: (action: import('./state.js').Action) => void, state: () => import('./state.js').State, now: () => number}} arena
 * @param {{done: () => void, closeNote: () => void}} others
 * @returns {() => void} takes all listeners away again
 */
export function bindTools(view, { dispatch, state, now }, { done, closeNote }) {
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
