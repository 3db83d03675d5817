/** Patience with clips that neither play nor fail. Fault F49. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPatience } from '../../static/arena/load-timeout.js';

/** Ticks of half a second until patience is at its end, at most 200. */
function ticksUntilEnd(plays) {
  const outOfPatience = createPatience(9000);
  for (let tick = 0; tick < 200; tick += 1) if (outOfPatience('a', 500, plays(tick))) return tick + 1;
  return null;
}

test('f49: a clip that does not move is given up on after nine seconds, and after nine more of its next file', () => {
  const outOfPatience = createPatience(9000);
  const ends = [];
  for (let tick = 1; tick <= 40; tick += 1) if (outOfPatience('a', 500, false)) ends.push(tick / 2);
  assert.deepEqual(ends, [9, 18]);
});

test('f49: a trickle, a frame every few seconds, is no playing', () => {
  assert.equal(
    ticksUntilEnd((tick) => tick % 8 === 0),
    23,
  );
});

test('a clip that halts now and then is not given up on', () => {
  assert.equal(
    ticksUntilEnd((tick) => tick % 3 !== 0),
    null,
  );
});

test('each clip has patience of its own', () => {
  const outOfPatience = createPatience(1000);
  assert.equal(outOfPatience('a', 600, false), false);
  assert.equal(outOfPatience('b', 600, false), false);
  assert.equal(outOfPatience('a', 600, false), true);
});
