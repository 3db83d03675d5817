/** Practice feedback: what counts is the pattern of distances, not how the whole is turned, mirrored or scaled. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comparePractice } from '../../static/task/practice.js';

const TARGET = [
  { clip: 'a', x: -0.3, y: 0.1 },
  { clip: 'b', x: -0.25, y: 0.05 },
  { clip: 'c', x: 0.3, y: -0.2 },
  { clip: 'd', x: 0.1, y: 0.35 },
];
/** Turned by 40 degrees, mirrored, halved, moved. */
const moved = TARGET.map(({ clip, x, y }) => ({
  clip,
  x: 0.05 + 0.5 * (Math.cos(0.7) * x + Math.sin(0.7) * y),
  y: -0.02 + 0.5 * (Math.sin(0.7) * x - Math.cos(0.7) * y),
}));

test('the same pattern, however it lies, is as expected, and is laid over what was placed', () => {
  const { r, verdict, worst, expected } = comparePractice([...moved].reverse(), TARGET);
  assert.ok(Math.abs(r - 1) < 1e-12);
  assert.equal(verdict, 'close');
  assert.equal(worst, null);
  expected.forEach(({ clip, x, y }, i) => {
    assert.equal(clip, moved[i].clip);
    assert.ok(Math.hypot(x - moved[i].x, y - moved[i].y) < 1e-12);
  });
});

test('two alike clips placed far apart are named, and so are different ones placed together', () => {
  const apart = TARGET.map((p) => (p.clip === 'b' ? { ...p, x: 0.35, y: 0.05 } : p));
  const one = comparePractice(apart, TARGET);
  assert.deepEqual([one.worst.a, one.worst.b, one.worst.should], ['a', 'b', 'closer']);
  const together = TARGET.map((p) => (p.clip === 'c' ? { ...p, x: -0.3, y: 0.1 } : p));
  const two = comparePractice(together, TARGET);
  assert.equal(two.worst.should, 'apart');
  assert.ok([two.worst.a, two.worst.b].includes('c'));
});

test('the correlation agrees with one worked by hand', () => {
  // Distances ab, ac, ad, bc, bd, cd of points on a line, placed at 0 1 2 4 and expected at 0 1 3 2 (tenths):
  // 1 2 4 1 3 2 against 1 3 2 2 1 1.
  const at = (places) => places.map((x, i) => ({ clip: 'abcd'[i], x: x / 10, y: 0 }));
  const [is, should] = [[1, 2, 4, 1, 3, 2], [1, 3, 2, 2, 1, 1]];
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const dot = sum(is.map((value, i) => value * should[i])) - (sum(is) * sum(should)) / 6;
  const spread = (values) => sum(values.map((value) => value ** 2)) - sum(values) ** 2 / 6;
  const { r, verdict } = comparePractice(at([0, 1, 2, 4]), at([0, 1, 3, 2]));
  assert.ok(Math.abs(r - dot / Math.sqrt(spread(is) * spread(should))) < 1e-9);
  assert.equal(verdict, 'different');
  assert.equal(comparePractice(at([0, 1, 2, 4]), at([0, 1, 2.5, 4])).verdict, 'close');
  assert.equal(comparePractice(at([0, 1, 2, 4]), at([0, 2, 1, 4])).verdict, 'partly');
});

test('all on one spot is different, and says which two to part first', () => {
  const heap = TARGET.map(({ clip }) => ({ clip, x: 0, y: 0 }));
  const { r, verdict, worst, expected } = comparePractice(heap, TARGET);
  assert.ok(Number.isNaN(r));
  assert.equal(verdict, 'different');
  assert.deepEqual(worst, { a: 'a', b: 'c', should: 'apart' });
  for (const { x, y } of expected) assert.ok(Number.isFinite(x) && Number.isFinite(y));
});

test('a layout whose distances are all equal says nothing about the pattern, and neither do we', () => {
  const two = TARGET.slice(0, 2);
  const { verdict, worst, expected } = comparePractice(two, two);
  assert.equal(verdict, 'unknown');
  assert.equal(worst, null);
  assert.equal(expected.length, 2);
});
