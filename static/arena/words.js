// @ts-check
/**
 * What the arena says, on the page and to a screen reader: pure functions of the state. `t` translates an English text
 * and fills in its {parameters}.
 *
 * @typedef {import('../task/text.js').Translate} Translate
 * @typedef {import('./state.js').State} State
 * @typedef {Record<string, string>} Labels of clips; an empty one means that a number names the clip
 */

import { RADIUS } from './geometry.js';
import { clipsAt, isDone, placedIn, positionOf, unwatched, waiting } from './state.js';

/**
 * The identity translation: fills in parameters and nothing else.
 * @type {Translate}
 */
export function plainText(text, params = {}) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in params ? String(params[name]) : whole));
}

/**
 * @returns {string} the clip's label, or its number in the order of the seats
 * @param {State} state
 * @param {string} id
 * @param {Labels} labels
 * @param {Translate} t
 */
export function nameOf(state, id, labels, t) {
  return labels[id] || t('Clip {n}', { n: state.clips.indexOf(id) + 1 });
}

/** @param {{x: number, y: number}} point arena units @param {Translate} t @returns {string} for example "upper left, 60% of the way out" */
export function placeInWords(point, t) {
  const percent = Math.round((100 * Math.hypot(point.x, point.y)) / RADIUS);
  if (percent < 8) return t('in the middle');
  const eighth = (Math.round(Math.atan2(point.y, point.x) / (Math.PI / 4)) + 8) % 8;
  const directions = [
    t('right'),
    t('upper right'),
    t('top'),
    t('upper left'),
    t('left'),
    t('lower left'),
    t('bottom'),
    t('lower right'),
  ];
  if (percent > 97) return t('{direction}, at the edge', { direction: directions[eighth] });
  return t('{direction}, {percent}% of the way to the edge', { direction: directions[eighth], percent });
}

/**
 * @returns {string} name, state and place of a clip, for its accessible name
 * @param {State} state
 * @param {string} id
 * @param {Labels} labels
 * @param {Translate} t
 */
export function describe(state, id, labels, t) {
  const name = nameOf(state, id, labels, t);
  const parts = [name];
  const hand = state.hand?.ids.includes(id) ? state.hand : null;
  if (hand) parts.push(t('in hand'));
  if (state.failed[id]) parts.push(t('could not be loaded'));
  if (state.watch !== 'free' && !state.watched[id] && !state.failed[id]) parts.push(t('not yet watched'));
  if (state.selected.includes(id)) parts.push(t('selected'));
  if (hand?.how === 'drag') return parts.join(', '); // the place comes when the clip is let go
  if (state.hand?.shown?.[id] || id in placedIn(state)) parts.push(placeInWords(positionOf(state, id), t));
  else parts.push(t('waiting outside'));
  return parts.join(', ');
}

/**
 * The other placed clip that lies nearest, or null.
 * @param {State} state
 * @param {string} id
 */
function nearest(state, id) {
  const placed = placedIn(state);
  const here = placed[id];
  /** @param {string} other */
  const distance = (other) => Math.hypot(placed[other].x - here.x, placed[other].y - here.y);
  const others = Object.keys(placed).filter((other) => other !== id);
  return others.length === 0 ? null : others.reduce((best, other) => (distance(other) < distance(best) ? other : best));
}

/**
 * @returns {string} what keeps the participant from Done, or that nothing does
 * @param {State} state
 * @param {Translate} t
 */
export function statusText(state, t) {
  if (state.busy) return t('Saving. The task continues by itself.');
  const { length: outside } = waiting(state);
  const { length: unseen } = unwatched(state);
  if (outside > 1) return t('{n} clips are still outside', { n: outside });
  if (outside === 1) return t('1 clip is still outside');
  if (unseen > 1 && state.sound) return t('{n} clips still need to be watched to the end with sound', { n: unseen });
  if (unseen > 1) return t('{n} clips still need to be watched to the end', { n: unseen });
  if (unseen === 1 && state.sound) return t('1 clip still needs to be watched to the end with sound');
  if (unseen === 1) return t('1 clip still needs to be watched to the end');
  if (!isDone(state)) return t('Drop the clip you are holding');
  return t('All clips are in place. Make any changes you like, then press Done.');
}

/**
 * @returns {string} a word of help for what is going on right now, or ''
 * @param {State} state
 * @param {Labels} labels
 * @param {Translate} t
 */
export function guidance(state, labels, t) {
  const { hand, toWatch, selected } = state;
  if (toWatch && !state.failed[toWatch]) {
    const name = nameOf(state, toWatch, labels, t);
    return state.watched[toWatch]
      ? t('You can place “{name}” now.', { name })
      : t('Watch “{name}” to its end first.', { name });
  }
  if (state.unheard && (!hand || hand.how === 'click') && !state.watched[state.unheard]) {
    return t('You have not heard “{name}” yet. Turn the sound on, then click or tap the clip.', {
      name: nameOf(state, state.unheard, labels, t),
    });
  }
  if (hand?.how === 'click') return whereToPut(state, hand, t);
  if (hand?.how === 'key') return t('Arrow keys move it, Shift moves it far, P puts it down, Esc takes it back.');
  if (hand?.shown && !hand.inside) return t('Let go here and it goes back outside the circle.');
  if (hand) return '';
  if (selected.length > 1) return t('{n} clips selected. Drag one of them to move all.', { n: selected.length });
  return '';
}

/** @param {State} state @param {import('./hand.js').Hand} hand @param {Translate} t */
function whereToPut(state, hand, t) {
  const covers = hand.ids.length === 1 && clipsAt(state, positionOf(state, hand.ids[0])).length > 1;
  if (covers && hand.touch) return t('Now tap where it should go. Tap it again for the clip beneath it.');
  if (covers) return t('Now click where it should go. Click it again for the clip beneath it.');
  if (hand.touch) return t('Now tap where it should go, or tap a clip that is similar. Tap it again to let go.');
  return t('Now click where it should go, or click a clip that is similar. Esc lets go.');
}

/**
 * @returns {string} what to know of an arrangement that an earlier page began, until something is changed, or ''
 * @param {State} state
 * @param {Translate} t
 */
export function restoredWords({ restored, history }, t) {
  if (!restored || history.past.length > 0 || history.future.length > 0) return '';
  return t('This is how you left it. Earlier changes can no longer be undone.');
}

/**
 * What a screen reader should hear after an action.
 *
 * @param {State} before
 * @param {State} after
 * @param {Labels} labels
 * @param {Translate} t
 * @returns {string|null} null where there is nothing to say
 */
export function announcement(before, after, labels, t) {
  /** @param {string} id */
  const name = (id) => nameOf(after, id, labels, t);
  const { toWatch } = after;
  if (toWatch && (toWatch !== before.toWatch || after.watched[toWatch] !== before.watched[toWatch])) {
    return guidance(after, labels, t);
  }
  if (after.hand && after.hand.how === 'key') {
    const id = after.hand.ids[0];
    const place = placeInWords(positionOf(after, id), t);
    if (!before.hand) return t('{name} in hand, {place}.', { name: name(id), place });
    return after.hand.shift === before.hand.shift ? null : place;
  }
  if (after.hand && !before.hand && after.hand.how === 'click') {
    return t('{name} picked.', { name: name(after.hand.ids[0]) });
  }
  if (after.history !== before.history) return changed(before, after, labels, t);
  if (before.hand && !after.hand) return t('{name} is where it was.', { name: name(before.hand.ids[0]) });
  if (!after.lasso && (after.selected !== before.selected || before.lasso)) {
    const { length } = after.selected;
    if (length === 0) return t('Nothing is selected');
    return length === 1 ? t('1 clip selected') : t('{n} clips selected', { n: length });
  }
  if (after.unheard && after.unheard !== before.unheard) return guidance(after, labels, t);
  if (after.failed !== before.failed) {
    const id = Object.keys(after.failed).find((each) => !before.failed[each]);
    return id ? t('{name} could not be loaded. You can still place it.', { name: name(id) }) : null;
  }
  return null;
}

/** @param {State} before @param {State} after @param {Labels} labels @param {Translate} t */
function changed(before, after, labels, t) {
  const placed = placedIn(after);
  const old = placedIn(before);
  const ids = after.clips.filter((id) => placed[id] !== old[id]);
  if (ids.length === 0) return null;
  const missing = statusText(after, t);
  if (ids.length > 1) return `${t('{n} clips moved.', { n: ids.length })} ${missing}`;
  const [id] = ids;
  const name = nameOf(after, id, labels, t);
  if (!placed[id]) return `${t('{name} is back outside.', { name })} ${missing}`;
  const parts = [t('{name} placed: {place}.', { name, place: placeInWords(placed[id], t) })];
  const near = nearest(after, id);
  if (near) parts.push(t('Nearest: {name}.', { name: nameOf(after, near, labels, t) }));
  if (!old[id]) parts.push(missing);
  return parts.join(' ');
}
