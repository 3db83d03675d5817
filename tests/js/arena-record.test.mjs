/** What a trial's result keeps of a very long record, and that it can always be sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bounded, MAX_ENTRIES } from '../../static/arena/record.js';
import { BODY_LIMIT } from '../../static/task/outbox.js';

const numbers = (count) => Array.from({ length: count }, (_, index) => index);

test('a record of ordinary length is kept whole', () => {
  for (const count of [0, 1, MAX_ENTRIES - 1, MAX_ENTRIES]) {
    assert.deepEqual(bounded(numbers(count)), { kept: numbers(count), gap: null });
  }
});

test('of a longer one the earliest and the latest entries are kept, and the gap tells each one’s own number', () => {
  for (const count of [MAX_ENTRIES + 1, MAX_ENTRIES + 2, 2 * MAX_ENTRIES, 7 * MAX_ENTRIES + 3]) {
    const { kept, gap } = bounded(numbers(count));
    assert.equal(kept.length, MAX_ENTRIES);
    assert.equal(kept.length + gap.left_out, count);
    assert.ok(gap.after > 0 && gap.after < MAX_ENTRIES);
    const own = kept.map((_, place) => place + (place < gap.after ? 0 : gap.left_out));
    assert.deepEqual(kept, own);
  }
});

test('with the longest records of the longest entries a trial still fits into one request', () => {
  const clip = 'C-ABCDEFGHIJKLMNOP';
  const place = { x: -0.00012345678901234567, y: -0.00012345678901234567 };
  const hours = 9_999_999_999;
  const pixels = {
    x: 1234.5678901234567,
    y: 1234.5678901234567,
    diameter: 1234.5678901234567,
    item: 123.45678901234567,
  };
  const moves = bounded(numbers(10 * MAX_ENTRIES).map(() => ({ clip, t: hours, ...place, how: 'click' })));
  const plays = bounded(
    numbers(10 * MAX_ENTRIES).map(() => ({ clip, t: hours, ms: hours, how: 'enlarged', ended: false })),
  );
  const body = JSON.stringify({
    placements: numbers(1000).map(() => ({ clip, ...place })),
    moves: moves.kept,
    plays: plays.kept,
    moves_gap: moves.gap,
    plays_gap: plays.gap,
    duration: hours,
    hidden: hours,
    viewport: { width: 12345.678, height: 12345.678, pixel_ratio: 1.3333333333333333 },
    arena: pixels,
  });
  assert.ok(body.length < BODY_LIMIT, `${body.length} bytes`);
});
