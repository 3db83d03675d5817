/** Replaying a trial, and one value among many: the pure parts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { clock, inWords, nextStop, prepared, previousStop, stateAt, stops } from '../../static/researcher/replay.js';
import { binned, rangeOf } from '../../static/researcher/strips.js';
import { inUnit } from '../../static/researcher/words.js';

const RECORD = prepared({
  moves: [
    { clip: 'a', t: 1000, x: 0.1, y: 0.2, how: 'drag' },
    { clip: 'b', t: 2000, x: -0.3, y: 0, how: 'click' },
    { clip: 'a', t: 4000, x: null, y: null, how: 'undo' },
    { clip: 'c', t: 5000, x: 0, y: 0, how: 'lasso' },
    { clip: 'd', t: 5000, x: 0.1, y: 0, how: 'lasso' },
  ],
  plays: [
    { clip: 'a', t: 500, ms: 700, how: 'hover', ended: true },
    { clip: 'b', t: 1100, ms: 400, how: 'click', ended: false },
  ],
  placements: [
    { clip: 'a', x: 0.4, y: 0 },
    { clip: 'b', x: -0.3, y: 0 },
  ],
  duration: 9000,
});

test('the state is what was put down up to then', () => {
  assert.equal(stateAt(RECORD, 999).places.size, 0);
  assert.deepEqual([...stateAt(RECORD, 1000).places], [['a', { x: 0.1, y: 0.2 }]]);
  assert.deepEqual([...stateAt(RECORD, 4500).places.keys()], ['b']);
  assert.deepEqual([...stateAt(RECORD, 5000).places.keys()], ['b', 'c', 'd']);
  assert.equal(stateAt(RECORD, 5000).done, 5);
});

test('the end is what was handed in, whatever the moves say', () => {
  assert.deepEqual(
    [...stateAt(RECORD, 9000).places],
    [
      ['a', { x: 0.4, y: 0 }],
      ['b', { x: -0.3, y: 0 }],
    ],
  );
});

test('clips play from their start to their end, several at a time', () => {
  const playing = (t) => [...stateAt(RECORD, t).playing];
  assert.deepEqual([499, 500, 1150, 1200, 1500].map(playing), [[], ['a'], ['a', 'b'], ['b'], []]);
});

test('stepping goes from move to move; what was moved at once is one step', () => {
  assert.deepEqual(stops(RECORD), [0, 1000, 2000, 4000, 5000, 9000]);
  assert.deepEqual(
    [0, 1000, 5000, 9000].map((t) => nextStop(RECORD, t)),
    [1000, 2000, 9000, 9000],
  );
  assert.deepEqual(
    [9000, 1001, 1000, 0].map((t) => previousStop(RECORD, t)),
    [5000, 1000, 0, 0],
  );
});

test('a clock that began anew keeps the order of the moves', () => {
  const reloaded = prepared({
    moves: [
      { clip: 'a', t: 8000, x: 0, y: 0, how: 'drag' },
      { clip: 'a', t: 100, x: 0.2, y: 0, how: 'drag' },
    ],
    plays: [{ clip: 'a', t: 9000, ms: 2000, how: 'hover', ended: true }],
    placements: [],
    duration: 500,
  });
  assert.deepEqual(
    reloaded.moves.map(({ t }) => t),
    [8000, 8000],
  );
  assert.deepEqual(stateAt(reloaded, 8000).places.get('a'), { x: 0.2, y: 0 });
  assert.equal(reloaded.duration, 11000);
});

test('a record without moves is a state too', () => {
  const empty = prepared({ moves: [], plays: [], placements: [], duration: 0 });
  assert.equal(stateAt(empty, 0).last, null);
  assert.deepEqual(stops(empty), [0]);
});

test('what happens is said in words', () => {
  const label = (clip) => clip.toUpperCase();
  assert.equal(inWords(stateAt(RECORD, 0), 5, label), 'Nothing was moved yet.');
  assert.equal(inWords(stateAt(RECORD, 1100), 5, label), 'Move 1 of 5: A dragged; playing: A, B.');
  assert.equal(inWords(stateAt(RECORD, 4000), 5, label), 'Move 3 of 5: A moved by undo, back to its seat.');
  assert.deepEqual([0, 999, 61_000, 3_600_000].map(clock), ['0:00', '0:00', '1:01', '60:00']);
});

test('a strip reaches over all values, and over a limit that is near', () => {
  assert.deepEqual(rangeOf([2, 4], null), { low: 2, high: 4 });
  assert.deepEqual(rangeOf([2, 4], 1), { low: 1, high: 4 });
  assert.deepEqual(rangeOf([2, 4], 99), { low: 2, high: 4 });
  const one = rangeOf([3], null);
  assert.ok(one.low < 3 && one.high > 3);
});

test('every value lies in one bin', () => {
  const values = Array.from({ length: 1000 }, (_, k) => k / 999);
  const counts = binned(values, { low: 0, high: 1 }, 10);
  assert.deepEqual(counts, new Array(10).fill(100));
});

test('values are written in their unit', () => {
  assert.deepEqual(
    [
      [0.256, '%'],
      [12.34, 's'],
      [-0.5, ''],
    ].map(([value, unit]) => inUnit(value, unit)),
    ['26 %', '12.3 s', '\u22120.50'],
  );
});
