// Quotas in the form of settings become what study.toml has.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as quotas from '../../static/researcher/quota-list.js';

const HAND = { name: 'hand', kind: 'one_of', when: 'before', choices: ['left', { value: 'right', label: 'Right' }] };
const AGE = { name: 'age', kind: 'number', when: 'before' };

test('only questions before the task that have answers to count can have a quota', () => {
  const others = [{ ...HAND, when: 'after' }, { ...HAND, kind: 'text' }, { kind: 'scale', when: 'before' }, null];
  assert.deepEqual(quotas.candidates([HAND, AGE, ...others]), [HAND, AGE]);
  assert.deepEqual(quotas.candidates('nonsense'), []);
});

test('the answers of a question are named as in study.toml', () => {
  assert.deepEqual(quotas.offered(HAND), ['left', 'right']);
  assert.deepEqual(quotas.offered({ kind: 'scale', min: -1, max: 1 }), ['-1', '0', '1']);
  assert.equal(quotas.offered({ kind: 'scale' }).length, 7);
});

test('a quota is entered as it is written, and one without a number is none', () => {
  assert.deepEqual(
    [undefined, 3, { left: 3 }].map((quota) => quotas.modeOf(HAND, quota)),
    ['none', 'same', 'each'],
  );
  assert.equal(quotas.modeOf(AGE, { '18-30': 3 }), 'ranges');
  assert.deepEqual(quotas.withQuota({ age: 2 }, 'hand', { left: 3 }), { age: 2, hand: { left: 3 } });
  assert.deepEqual(quotas.withQuota({ age: 2, hand: 3 }, 'hand', {}), { age: 2 });
  assert.equal(quotas.withQuota({ hand: 3 }, 'hand', null), null);
});
