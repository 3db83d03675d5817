/** What is typed into a form of settings, as study.toml has it. */

import assert from 'node:assert/strict';
import test from 'node:test';

import { parsed } from '../../static/researcher/controls.js';

test('lists are taken apart at commas and spaces', () => {
  assert.deepEqual(parsed('words', ' relu, /fc/Gemm '), ['relu', '/fc/Gemm']);
  assert.deepEqual(parsed('numbers', '0.485, 0.456 1'), [0.485, 0.456, 1]);
  assert.equal(parsed('numbers', ' '), null);
});

test('what is no number stays as it was typed, for the server to say so', () => {
  assert.deepEqual(parsed('numbers', '0.5, x'), [0.5, 'x']);
});
