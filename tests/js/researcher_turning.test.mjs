/** The map of three dimensions: how it turns and what is seen of it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FRONT, fromBehind, NEAREST, REACH, seen, turned, withinOne } from '../../static/researcher/turning.js';

const near = (/** @type {number} */ actual, /** @type {number} */ wanted) =>
  assert.ok(Math.abs(actual - wanted) < 1e-9, `${actual} is not ${wanted}`);

test('from the front a flat map is seen as it is', () => {
  assert.deepEqual(seen(FRONT, [0.3, -0.4, 0]), { x: 0.3, y: -0.4, size: 1 });
});

test('what is near looks larger than what is far', () => {
  near(seen(FRONT, [0, 0, 1]).size, NEAREST);
  assert.ok(seen(FRONT, [0, 0, -1]).size < 1);
});

test('the front goes where it is turned to', () => {
  const right = seen(turned(FRONT, Math.PI / 2, 0), [0, 0, 1]);
  near(right.x, 1);
  near(right.size, 1);
  const up = seen(turned(FRONT, 0, Math.PI / 2), [0, 0, 1]);
  near(up.y, 1);
  near(up.x, 0);
  // A turn is about the axes of the screen, whatever came before.
  const both = seen(turned(turned(FRONT, Math.PI, 0), 0.2, 0), [0, 0, -1]);
  assert.ok(both.x > 0 && both.size > 1);
});

test('turning on and on keeps distances, and back is back', () => {
  let side = FRONT;
  for (let turn = 0; turn < 20000; turn += 1) side = turned(side, 0.011, -0.007);
  for (const one of [0, 3, 6])
    for (const other of [0, 3, 6]) {
      const product = [0, 1, 2].reduce((sum, axis) => sum + side[one + axis] * side[other + axis], 0);
      near(product, one === other ? 1 : 0);
    }
  const back = turned(turned(FRONT, 0.4, 0), -0.4, 0);
  back.forEach((value, place) => near(value, FRONT[place]));
});

test('nothing leaves the field, however it is turned', () => {
  const places = withinOne([
    [3, 0, 0],
    [0, -2, 1],
    [1, 1, 1],
  ]);
  near(Math.max(...places.map((place) => Math.hypot(...place))), 1);
  for (let angle = 0; angle < 6.3; angle += 0.01)
    for (const place of places) {
      const { x, y } = seen(turned(FRONT, angle, angle / 3), place);
      assert.ok(Math.hypot(x, y) <= REACH + 1e-9);
    }
  assert.deepEqual(withinOne([[0, 0, 0]]), [[0, 0, 0]]);
});

test('places are seen in pixels from the middle, those behind first', () => {
  const places = [
    [0.2, 0.1, 0.5],
    [0.2, 0.1, -0.5],
    [-0.4, 0.3, 0],
  ];
  const ordered = fromBehind(FRONT, places, 200);
  assert.deepEqual(
    ordered.map(({ item }) => item),
    [1, 2, 0],
  );
  near(ordered[1].x, -80);
  near(ordered[1].y, -60);
  for (const { item, x, y, size } of ordered) {
    const alone = seen(FRONT, places[item]);
    near(x, 200 * alone.x);
    near(y, -200 * alone.y);
    near(size, alone.size);
  }
});
