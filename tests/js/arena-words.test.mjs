/** What the arena says: names, places, what is missing, and what a screen reader hears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hintFor } from '../../static/arena/hints.js';
import { createState, update } from '../../static/arena/state.js';
import * as words from '../../static/arena/words.js';

const t = words.plainText;
const labels = { a: 'Anna', b: 'Bert', c: '' };
const start = (placements = [], watch = 'free') => createState(['a', 'b', 'c'], { placements, watch });
const at = (clip, x, y) => ({ clip, x, y });

test('texts are filled in, and unknown parameters stay visible', () => {
  assert.equal(t('{n} of {m}', { n: 0, m: 3 }), '0 of 3');
  assert.equal(t('{n} of {m}', { n: 1 }), '1 of {m}');
});

test('places in words', () => {
  const places = [
    [0, 0, 'in the middle'],
    [0.25, 0, 'right, 50% of the way to the edge'],
    [0, 0.1, 'top, 20% of the way to the edge'],
    [-0.2, 0.2, 'upper left, 57% of the way to the edge'],
    [-0.3, 0, 'left, 60% of the way to the edge'],
    [0, -0.5, 'bottom, at the edge'],
    [0.3, -0.3, 'lower right, 85% of the way to the edge'],
  ];
  for (const [x, y, expected] of places) assert.equal(words.placeInWords({ x, y }, t), expected);
});

test('a clip is described by name, state and place', () => {
  let state = start([at('a', 0.25, 0)], 'before_done');
  assert.equal(words.describe(state, 'a', labels, t), 'Anna, not yet watched, right, 50% of the way to the edge');
  state = update(state, { type: 'watched', id: 'a' });
  state = update(state, { type: 'toggle', id: 'a' });
  assert.equal(words.describe(state, 'a', labels, t), 'Anna, selected, right, 50% of the way to the edge');
  state = update(state, { type: 'failed', id: 'c' });
  assert.equal(words.describe(state, 'c', labels, t), 'Clip 3, could not be loaded, waiting outside');
});

test('the status says what is missing, in the singular too', () => {
  const all = [at('a', 0, 0), at('b', 0.1, 0), at('c', 0.2, 0)];
  assert.equal(words.statusText(start(), t), '3 clips are still outside');
  assert.equal(words.statusText(start(all.slice(0, 2)), t), '1 clip is still outside');
  assert.equal(words.statusText(start(all, 'before_done'), t), '3 clips still need to be watched to the end');
  assert.match(words.statusText(start(all), t), /^All clips are in place/);
});

test('a screen reader hears what happened, and nothing when nothing did', () => {
  const heard = [];
  let state = start([at('b', 0.1, 0.1)]);
  const act = (action) => {
    const next = update(state, { t: 0, ...action });
    heard.push(words.announcement(state, next, labels, t));
    state = next;
  };
  act({ type: 'grab', id: 'a', x: 0, y: 0 });
  act({ type: 'drag', x: 0.2, y: 0 });
  act({ type: 'drop' });
  act({ type: 'undo' });
  act({ type: 'pick', id: 'c', how: 'click' });
  act({ type: 'cancel' });
  act({ type: 'toggle', id: 'a' });
  act({ type: 'select', ids: [] });
  act({ type: 'zoom', factor: 2, x: 0, y: 0 });
  assert.deepEqual(heard, [
    null,
    null,
    'Anna placed: right, 40% of the way to the edge. Nearest: Bert. 1 clip is still outside',
    'Anna is back outside. 2 clips are still outside',
    'Clip 3 picked.',
    'Clip 3 is where it was.',
    '1 clip selected',
    'Nothing is selected',
    null,
  ]);
});

test('a clip that must be watched first is named, and named again once it was', () => {
  const state = start([], 'before_placing');
  const refused = update(state, { type: 'grab', id: 'b', x: 0, y: 0 });
  assert.equal(words.announcement(state, refused, labels, t), 'Watch “Bert” to its end first.');
  assert.equal(words.guidance(refused, labels, t), 'Watch “Bert” to its end first.');
  const seen = update(refused, { type: 'watched', id: 'b' });
  assert.equal(words.announcement(refused, seen, labels, t), 'You can place “Bert” now.');
  assert.equal(words.guidance(seen, labels, t), 'You can place “Bert” now.');
  assert.equal(words.guidance(update(refused, { type: 'failed', id: 'b' }), labels, t), '');
});

test('what to do with a picked clip is said in the words of the input', () => {
  const seats = { a: { x: 0.7, y: 0.2 }, b: { x: 0.7, y: 0 }, c: { x: 0.7, y: -0.2 } };
  const space = { seats, reach: 0.05, pitch: { x: 0.1, y: 0.1 }, extent: { x: 1, y: 0.6 } };
  const apart = update(start(), { type: 'space', space });
  const heap = update(start([at('a', 0.1, 0), at('b', 0.1, 0)]), { type: 'space', space });
  const say = (state, id, touch) => words.guidance(update(state, { type: 'pick', id, how: 'click', touch }), labels, t);
  assert.match(say(apart, 'c', false), /click.*Esc/);
  assert.doesNotMatch(say(apart, 'c', true), /click|Esc/);
  assert.match(say(heap, 'a', false), /Click it again for the clip beneath/);
  assert.match(say(heap, 'a', true), /Tap it again for the clip beneath/);
});

test('hints: a small layout, stacked clips, or none', () => {
  const pitch = { x: 0.1, y: 0.1 };
  const layout = (...points) => Object.fromEntries(points.map(([x, y], index) => [`c${index}`, { x, y }]));
  assert.equal(hintFor(layout([0, 0], [0.1, 0], [0.05, 0.2]), pitch), 'small');
  assert.equal(hintFor(layout([-0.4, 0], [0.4, 0], [0.401, 0.01]), pitch), 'stacked');
  assert.equal(hintFor(layout([-0.4, 0], [0.4, 0], [0, 0.3]), pitch), null);
  assert.equal(hintFor(layout([0, 0], [0.01, 0]), pitch), null, 'two clips say nothing about the space used');
});

test('what to do about a clip that was not heard is said for a mouse and for a finger', () => {
  const state = update(start([], 'before_done'), { type: 'unheard', id: 'a' });
  assert.match(words.guidance(state, labels, t), /You have not heard “Anna” yet\. .*click or tap/);
});
