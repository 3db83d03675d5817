/** Whether a window and a screen are large enough for a study. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fitsDevice, judgeFit } from '../../static/task/fits.js';

test('both sides count, turned or not, and a window that can grow is told from a screen that cannot', () => {
  const [laptop, phone] = [
    { width: 1366, height: 768 },
    { width: 390, height: 844 },
  ];
  assert.equal(judgeFit({ width: 1366, height: 600 }, laptop, 500), 'fits');
  assert.equal(judgeFit({ width: 1366, height: 499 }, laptop, 500), 'window');
  assert.equal(judgeFit({ width: 400, height: 700 }, laptop, 500), 'window');
  assert.equal(judgeFit({ width: 390, height: 700 }, phone, 500), 'screen');
  assert.equal(judgeFit({ width: 844, height: 330 }, { width: 844, height: 390 }, 500), 'screen');
});

test('what a device has decides where the study needs a mouse', () => {
  assert.equal(fitsDevice('mouse', false), false);
  assert.equal(fitsDevice('mouse', true), true);
  assert.equal(fitsDevice('any', false), true);
  assert.equal(fitsDevice(undefined, false), true);
});
