// The count-down to the way back, without a page.
import assert from 'node:assert/strict';
import test from 'node:test';

import { tick } from '../../static/task/returning.js';

const NOTHING = { hidden: false, waits: false };

test('it counts down, and leaves at zero', () => {
  assert.deepEqual(tick(3, NOTHING), { left: 2, leaves: false });
  assert.deepEqual(tick(1, NOTHING), { left: 0, leaves: true });
});

test('it stands still while nobody can see it', () => {
  assert.deepEqual(tick(1, { hidden: true, waits: false }), { left: 1, leaves: false });
});

test('it waits at zero for what is not saved yet, and leaves afterwards', () => {
  assert.deepEqual(tick(1, { hidden: false, waits: true }), { left: 0, leaves: false });
  assert.deepEqual(tick(0, { hidden: false, waits: true }), { left: 0, leaves: false });
  assert.deepEqual(tick(0, NOTHING), { left: 0, leaves: true });
});
