/** The enlarged view: large enough to look closely, inside the window, and beside the circle where there is room. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { panelRectangle } from '../../static/arena/panel.js';
import { seatPlan } from '../../static/arena/seats.js';
import { between, choose, random } from './arena-random.mjs';

const SIDES = [true, false].flatMap((right) => [true, false].map((below) => ({ right, below })));
const MARGIN = 8;

test('its shorter side takes 60 % of the shorter side of any window, unless the shape of the clip forbids it', () => {
  const rng = random(5);
  for (let round = 0; round < 2000; round += 1) {
    const screen = { width: Math.round(between(rng, 320, 2560)), height: Math.round(between(rng, 320, 1400)) };
    const top = Math.round(between(rng, 50, 100));
    const stage = {
      left: 0,
      top,
      width: screen.width,
      height: screen.height - top - Math.round(between(rng, 50, 110)),
    };
    const aspect = between(rng, 0.4, 2.5);
    const plan = seatPlan(stage.width, stage.height, choose(rng, [3, 12, 30, 60, 100]), aspect);
    const panel = panelRectangle(screen, stage, plan, aspect, choose(rng, SIDES));
    const told = JSON.stringify([screen, stage, aspect, panel]);
    assert.ok(panel.left >= MARGIN && panel.left + panel.width <= screen.width - MARGIN + 1e-6, told);
    assert.ok(panel.top >= MARGIN && panel.top + panel.height <= screen.height - MARGIN + 1e-6, told);
    assert.ok(Math.abs(panel.width / panel.height - aspect) < 1e-9, told);
    const fills = panel.width > screen.width - 2 * MARGIN - 1 || panel.height > screen.height - 2 * MARGIN - 1;
    const share = Math.min(panel.width, panel.height) / Math.min(screen.width, screen.height);
    assert.ok(share >= 0.6 - 1e-9 || fills, told);
    if (panel.height + 2 * MARGIN <= stage.height) {
      assert.ok(panel.top >= stage.top && panel.top + panel.height <= stage.top + stage.height, `over a bar: ${told}`);
    }
  }
});

test('it lies on the side away from its clip', () => {
  const [screen, stage] = [
    { width: 1280, height: 720 },
    { left: 0, top: 90, width: 1280, height: 560 },
  ];
  const plan = seatPlan(1280, 560, 12, 4 / 3);
  const right = panelRectangle(screen, stage, plan, 4 / 3, { right: true, below: true });
  const left = panelRectangle(screen, stage, plan, 4 / 3, { right: false, below: true });
  assert.ok(right.left > 640 && left.left + left.width < 720);
});
