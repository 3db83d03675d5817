/** The pictures of the known layout lie apart, however the layout is turned. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sizeOfShapes } from '../../static/task/feedback.js';

const LAYOUT = [
  [-0.41, -0.17],
  [-0.36, 0],
  [-0.41, 0.17],
  [0.41, -0.17],
  [0.36, 0],
  [0.41, 0.17],
];

test('no two pictures overlap at any turn, and none is too small to be told from another', () => {
  for (let turn = 0; turn < 2 * Math.PI; turn += 0.01) {
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const places = LAYOUT.map(([x, y]) => ({ x: cos * x - sin * y, y: sin * x + cos * y }));
    const size = sizeOfShapes(places);
    assert.ok(size > 0.1 && size <= 0.17, `${turn}: ${size}`);
    places.forEach((a, i) => {
      for (const b of places.slice(i + 1)) assert.ok(Math.max(Math.abs(a.x - b.x), Math.abs(a.y - b.y)) >= size);
    });
  }
});
