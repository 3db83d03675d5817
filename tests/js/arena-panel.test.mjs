/** The enlarged view: in the stage, larger than the clip, and over no place where a clip of the arena can be. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { panelRectangle } from '../../static/arena/panel.js';
import { seatPlan } from '../../static/arena/seats.js';
import { between, choose, random } from './arena-random.mjs';

const SIDES = [true, false].flatMap((right) => [true, false].map((below) => ({ right, below })));

/** How far the circle stays from the rectangle grown by half a clip: below 0 it would cover a clip's place. */
function clearance({ left, top, width, height }, { box, item }) {
  const across = Math.max(left - item.width / 2 - box.x, box.x - left - width - item.width / 2, 0);
  const along = Math.max(top - item.height / 2 - box.y, box.y - top - height - item.height / 2, 0);
  return Math.hypot(across, along) - box.diameter / 2;
}

test('it lies in the stage and covers no place of a clip', () => {
  const rng = random(5);
  for (let round = 0; round < 400; round += 1) {
    const stage = { width: Math.round(between(rng, 700, 2560)), height: Math.round(between(rng, 540, 1300)) };
    const aspect = between(rng, 0.6, 1.8);
    const plan = seatPlan(stage.width, stage.height, choose(rng, [3, 12, 30, 60, 100]), aspect);
    const panel = panelRectangle(stage, plan, aspect, choose(rng, SIDES));
    assert.ok(panel.left >= 0 && panel.left + panel.width <= stage.width, JSON.stringify([stage, panel]));
    assert.ok(panel.top >= 0 && panel.top + panel.height <= stage.height, JSON.stringify([stage, panel]));
    assert.ok(clearance(panel, plan) >= -1, JSON.stringify([stage, plan.box, plan.item, panel]));
  }
});

for (const [width, height] of [[820, 1020], [1180, 660], [1024, 540], [1280, 600], [1920, 960]]) {
  test(`on a stage of ${width} x ${height} it is at least 1.35 times as wide as a clip`, () => {
    for (const count of [3, 12, 30, 60, 100]) {
      for (const aspect of [1, 4 / 3, 16 / 9]) {
        const plan = seatPlan(width, height, count, aspect);
        const panel = panelRectangle({ width, height }, plan, aspect, SIDES[0]);
        const times = panel.width / plan.item.width;
        assert.ok(times >= 1.35, `${count} clips of aspect ${aspect.toFixed(2)}: only ${times.toFixed(2)} times`);
      }
    }
  });
}
