/** Seats: for every supported stage and number of clips, all clips can be seen, none covers another or the circle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seatPlan } from '../../static/arena/seats.js';

// What is left for the stage under the page's own bars, from a small laptop to a large screen, and tablets.
const STAGES = [
  [1024, 540],
  [1024, 608],
  [1180, 660],
  [820, 1020],
  [768, 864],
  [1280, 560],
  [1280, 620],
  [1920, 920],
  [2560, 1280],
];
const COUNTS = [1, 2, 3, 12, 30, 59, 60, 100, 150];
const ASPECTS = [9 / 16, 1, 4 / 3, 16 / 9];

for (const [width, height] of STAGES) {
  test(`a stage of ${width} x ${height}`, () => {
    for (const count of COUNTS) {
      for (const aspect of ASPECTS) {
        const { box, item, seats } = seatPlan(width, height, count, aspect);
        const context = `${count} clips of aspect ${aspect.toFixed(2)}`;
        assert.equal(seats.length, count, context);
        const pixels = seats.map(({ x, y }) => ({ x: box.x + x * box.diameter, y: box.y - y * box.diameter }));
        for (const { x, y } of pixels) {
          assert.ok(x - item.width / 2 >= 0 && x + item.width / 2 <= width, context);
          assert.ok(y - item.height / 2 >= 0 && y + item.height / 2 <= height, context);
          const dx = Math.max(0, Math.abs(x - box.x) - item.width / 2);
          const dy = Math.max(0, Math.abs(y - box.y) - item.height / 2);
          assert.ok(Math.hypot(dx, dy) >= box.diameter / 2, `${context}: a seat reaches into the circle`);
        }
        for (let i = 0; i < count; i += 1) {
          for (let j = 0; j < i; j += 1) {
            const apart =
              Math.abs(pixels[i].x - pixels[j].x) >= item.width || Math.abs(pixels[i].y - pixels[j].y) >= item.height;
            assert.ok(apart, `${context}: seats ${i} and ${j} overlap`);
          }
        }
        // A clip at the edge of the circle stays on the stage, clear of every control.
        assert.ok(box.diameter + item.height <= height && box.diameter + item.width <= width, context);
        assert.ok(box.diameter >= 0.55 * Math.min(width, height), `${context}: the circle is only ${box.diameter}`);
        const side = Math.sqrt(item.width * item.height);
        assert.ok(side >= (count <= 100 ? 34 : 26), `${context}: clips are only ${item.width} x ${item.height}`);
      }
    }
  });
}

test('seats run clockwise around the circle, the nearest column first', () => {
  const { seats } = seatPlan(1280, 600, 10, 4 / 3);
  const turn = seats.map(({ x, y }) => (Math.atan2(x, y) + 2 * Math.PI) % (2 * Math.PI));
  assert.deepEqual(
    turn,
    [...turn].sort((a, b) => a - b),
  );
  assert.ok(seats[0].x > 0 && seats.at(-1).x < 0);
});

test('a stage without room still gives a finite plan', () => {
  const { box, item, seats } = seatPlan(120, 90, 40, 4 / 3);
  assert.equal(seats.length, 40);
  assert.ok(box.diameter > 0 && item.width > 0);
  assert.ok(seats.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
});
