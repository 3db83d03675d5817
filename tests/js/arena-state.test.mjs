/**
 * Properties of the arena's pure state under seeded random sequences of actions.
 *
 * Over 300 lines: tests of one subject, which share their fixtures.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { isInside } from '../../static/arena/geometry.js';
import { seatPlan } from '../../static/arena/seats.js';
import { hintFor } from '../../static/arena/hints.js';
import {
  clipsAt,
  createState,
  isDone,
  placedIn,
  positionOf,
  unwatched,
  update,
  waiting,
} from '../../static/arena/state.js';
import { choose, random, between } from './arena-random.mjs';

const COMMITS = ['drop', 'put', 'putBack'];

/** A state of n clips on a stage of 1280 x 620. */
function arenaOf(count, options = {}) {
  const clips = Array.from({ length: count }, (_, index) => `c${index}`);
  const { box, item, seats: points } = seatPlan(1280, 620, count, 4 / 3);
  const seats = Object.fromEntries(clips.map((id, index) => [id, points[index]]));
  const pitch = { x: item.width / box.diameter, y: item.height / box.diameter };
  const extent = { x: 640 / box.diameter, y: 310 / box.diameter };
  const space = { seats, reach: (pitch.x + pitch.y) / 4, pitch, extent };
  return update(createState(clips, options), { type: 'space', space });
}

/** Any action that a pointer or a key can cause, sensible or not. */
function randomAction(state, rng, t) {
  const id = choose(rng, state.clips);
  const point = { x: between(rng, -1.2, 1.2), y: between(rng, -0.7, 0.7) };
  const type = choose(rng, [
    ...['grab', 'grab', 'drag', 'drag', 'drag', 'drop', 'drop', 'cancel', 'pick', 'step', 'put', 'putBack', 'toggle'],
    'handOver',
    ...['select', 'lasso', 'lasso', 'lassoEnd', 'undo', 'redo', 'zoom', 'pan', 'whole', 'reveal', 'enlarge', 'watched'],
  ]);
  const how = choose(rng, ['click', 'key']);
  const ids = state.clips.filter(() => rng() < 0.3);
  const step = { dx: between(rng, -0.2, 0.2), dy: between(rng, -0.2, 0.2) };
  const onto = rng() < 0.5 ? choose(rng, state.clips) : null;
  return { type, id, how, ids, t, onto, ...point, ...step, add: rng() < 0.5, factor: between(rng, 0.5, 2) };
}

function walk(seed, steps, visit, options) {
  const rng = random(seed);
  let state = arenaOf(1 + Math.floor(rng() * 12), options);
  for (let t = 0; t < steps; t += 1) {
    const action = randomAction(state, rng, t);
    const next = update(state, action);
    visit(state, action, next);
    state = next;
  }
}

test('every clip is always in the circle, on its seat, or in the hand', () => {
  for (let seed = 0; seed < 150; seed += 1) {
    walk(seed, 200, (_, action, state) => {
      const { placed, stack } = state.history.present;
      assert.deepEqual([...stack].sort(), Object.keys(placed).sort());
      for (const [id, point] of Object.entries(placed)) {
        assert.ok(state.clips.includes(id));
        assert.ok(isInside(point), `${action.type} left ${id} at ${point.x}, ${point.y}`);
      }
      for (const id of state.clips) {
        const at = positionOf(state, id);
        assert.ok(Number.isFinite(at.x) && Number.isFinite(at.y));
        if (state.hand?.shown?.[id]) assert.ok(!state.hand.inside || isInside(at));
        else assert.deepEqual(at, placed[id] ?? state.space.seats[id]);
      }
      assert.equal(waiting(state).length + Object.keys(placed).length, state.clips.length);
    });
  }
});

test('undo after any action that changed the arrangement restores it exactly, and redo brings it back', () => {
  let changes = 0;
  for (let seed = 0; seed < 400; seed += 1) {
    walk(seed, 200, (before, action, after) => {
      if (after.history === before.history || !COMMITS.includes(action.type)) return;
      changes += 1;
      const undone = update(after, { type: 'undo', t: 0 });
      assert.strictEqual(undone.history.present, before.history.present);
      assert.deepEqual(undone.history.past, before.history.past);
      const redone = update(undone, { type: 'redo', t: 0 });
      assert.deepEqual(redone.history, after.history);
    });
  }
  assert.ok(changes > 1000, `only ${changes} changes were tried`);
});

test('only committing actions change the arrangement, and each change is in the list of moves', () => {
  for (let seed = 200; seed < 300; seed += 1) {
    walk(seed, 200, (before, action, after) => {
      const old = placedIn(before);
      const now = placedIn(after);
      const changed = after.clips.filter((id) => old[id] !== now[id]);
      if (changed.length === 0) {
        assert.equal(after.moves.length, before.moves.length);
        return;
      }
      assert.ok([...COMMITS, 'undo', 'redo'].includes(action.type), action.type);
      const added = after.moves.slice(before.moves.length);
      assert.deepEqual(added.map(({ clip }) => clip).sort(), [...changed].sort());
      for (const { clip, x, y, t } of added) {
        assert.equal(t, action.t);
        assert.deepEqual({ x, y }, now[clip] ?? { x: null, y: null });
      }
    });
  }
});

test('what is shown at the moment of letting go inside is what is committed', () => {
  let dropped = 0;
  for (let seed = 300; seed < 500; seed += 1) {
    walk(seed, 200, (before, action, after) => {
      if (action.type !== 'drop' || !before.hand?.inside) return;
      dropped += 1;
      for (const id of before.hand.ids) assert.deepEqual(positionOf(after, id), positionOf(before, id));
    });
  }
  assert.ok(dropped > 100);
});

test('a cancelled hand leaves the arrangement as it was', () => {
  let state = arenaOf(3, { placements: [{ clip: 'c0', x: 0.1, y: 0.2 }] });
  const before = state.history;
  for (const id of ['c0', 'c1']) {
    state = update(state, { type: 'grab', id, x: 0, y: 0 });
    state = update(state, { type: 'drag', x: 0.3, y: -0.1 });
    state = update(state, { type: 'cancel' });
    assert.strictEqual(state.history, before);
    assert.equal(state.hand, null);
  }
});

test('a group keeps its shape, and slides along the edge', () => {
  const placements = [
    { clip: 'c0', x: 0, y: 0 },
    { clip: 'c1', x: 0.1, y: 0.05 },
    { clip: 'c2', x: -0.2, y: 0.1 },
  ];
  let state = arenaOf(4, { placements });
  state = update(state, { type: 'select', ids: ['c0', 'c1', 'c2'] });
  state = update(state, { type: 'grab', id: 'c0', x: 0, y: 0 });
  state = update(state, { type: 'drag', x: 0.45, y: 0.1 });
  state = update(state, { type: 'drop', t: 5 });
  const placed = placedIn(state);
  for (const { clip, x, y } of placements) {
    assert.ok(Math.abs(placed[clip].x - placed.c0.x - x) < 1e-9);
    assert.ok(Math.abs(placed[clip].y - placed.c0.y - y) < 1e-9);
  }
  assert.ok(placed.c0.x > 0.3, 'it went as far as it could');
  assert.deepEqual(
    state.moves.map(({ how }) => how),
    ['lasso', 'lasso', 'lasso'],
  );
});

test('a clip let go near the edge rests on it; one let go far outside returns to its seat', () => {
  let state = arenaOf(2);
  const drag = (x, y) => {
    const seat = positionOf(state, 'c0');
    state = update(state, { type: 'grab', id: 'c0', ...seat });
    state = update(state, { type: 'drag', x, y });
    state = update(state, { type: 'drop', t: 1 });
  };
  drag(0.5 + 0.9 * state.space.reach, 0);
  assert.ok(Math.abs(placedIn(state).c0.x - 0.5) < 1e-9);
  drag(0.9, 0);
  assert.equal(placedIn(state).c0, undefined);
  assert.deepEqual(state.moves.at(-1), { clip: 'c0', t: 1, x: null, y: null, how: 'drag' });
});

test('the watching rule holds clips on their seats until they were watched, unless they cannot be loaded', () => {
  let state = arenaOf(3, { watch: 'before_placing' });
  const attempt = (id) => update(state, { type: 'grab', id, x: 0, y: 0 });
  assert.equal(attempt('c0').hand, null);
  assert.equal(attempt('c0').toWatch, 'c0');
  state = update(state, { type: 'watched', id: 'c0' });
  state = update(state, { type: 'failed', id: 'c1' });
  assert.deepEqual(attempt('c0').hand.ids, ['c0']);
  assert.deepEqual(attempt('c1').hand.ids, ['c1']);
  assert.deepEqual(unwatched(state), ['c2']);
  state = update(state, { type: 'select', ids: ['c0', 'c1', 'c2'] });
  assert.deepEqual(attempt('c0').hand.ids, ['c0', 'c1'], 'a group leaves the unwatched behind');
});

test('done only when all are inside and, under the rule, watched', () => {
  const placements = ['c0', 'c1'].map((clip, index) => ({ clip, x: 0.1 * index, y: 0 }));
  let state = arenaOf(2, { placements, watch: 'before_done' });
  assert.ok(!isDone(state));
  for (const id of ['c0', 'c1']) state = update(state, { type: 'watched', id });
  assert.ok(isDone(state));
  assert.ok(!isDone(update(state, { type: 'putBack', id: 'c1', t: 0 })));
});

test('a draft is restored exactly; unknown clips in it are left out', () => {
  const state = createState(['a', 'b'], {
    placements: [
      { clip: 'b', x: 0.123456789, y: -0.3 },
      { clip: 'gone', x: 0, y: 0 },
    ],
  });
  assert.deepEqual(placedIn(state), { b: { x: 0.123456789, y: -0.3 } });
  assert.deepEqual(waiting(state), ['a']);
});

test('while busy nothing moves', () => {
  const state = update(arenaOf(2), { type: 'busy', busy: true });
  assert.strictEqual(update(state, { type: 'grab', id: 'c0', x: 0, y: 0 }), state);
  assert.throws(() => update(state, { type: 'no such action' }), /unknown action/);
});

test('what was asked for too early is named until it was watched, whatever else loads or plays meanwhile', () => {
  let state = arenaOf(3, { watch: 'before_placing' });
  state = update(state, { type: 'watched', id: 'c1' });
  state = update(state, { type: 'pick', id: 'c1', how: 'click' });
  state = update(state, { type: 'pick', id: 'c0', how: 'click' });
  assert.deepEqual([state.toWatch, state.hand.ids], ['c0', ['c1']], 'what is in the hand stays there');
  for (const type of ['ready', 'watched', 'look']) state = update(state, { type, id: 'c2' });
  assert.equal(state.toWatch, 'c0');
  state = update(state, { type: 'watched', id: 'c0' });
  assert.equal(state.toWatch, 'c0');
  state = update(state, { type: 'pick', id: 'c0', how: 'click' });
  assert.deepEqual([state.toWatch, state.hand.ids], [null, ['c0']]);
});

test('a clip put on a placed one lies where it was pressed and never hides the other', () => {
  const rng = random(77);
  for (let round = 0; round < 500; round += 1) {
    const angle = between(rng, 0, 2 * Math.PI);
    const radius = rng() < 0.3 ? 0.5 : between(rng, 0, 0.5);
    const wanted = { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
    let state = arenaOf(6, { placements: [{ clip: 'c1', ...wanted }] });
    const other = placedIn(state).c1;
    state = update(state, { type: 'zoom', factor: between(rng, 0.5, 4), ...other });
    const { pitch } = state.space;
    const seen = Math.sqrt(state.view.zoom); // a magnified clip takes up less of the arena
    const press = rng() < 0.5 ? { x: 0, y: 0 } : { x: between(rng, -0.5, 0.5), y: between(rng, -0.5, 0.5) };
    const point = { x: other.x + (press.x * pitch.x) / seen, y: other.y + (press.y * pitch.y) / seen };
    state = update(state, { type: 'pick', id: 'c0', how: 'click' });
    state = update(state, { type: 'put', ...point, onto: 'c1', t: 3 });
    const placed = placedIn(state);
    const apart = { x: ((placed.c0.x - other.x) * seen) / pitch.x, y: ((placed.c0.y - other.y) * seen) / pitch.y };
    assert.ok(Math.hypot(apart.x, apart.y) > 0.3, JSON.stringify({ other, press, apart }));
    assert.ok(Math.hypot(apart.x, apart.y) < 0.75, 'and stays with it');
    if (Math.hypot(press.x, press.y) > 0.31 && isInside(point)) {
      assert.ok(Math.hypot(placed.c0.x - point.x, placed.c0.y - point.y) < 1e-9, 'where the press was');
    }
    const far = { x: -other.x || 0.5, y: -other.y };
    if (state.view.zoom === 1) assert.notEqual(hintFor({ c0: placed.c0, c1: other, far }, pitch), 'stacked');
    assert.equal(clipsAt(state, placed.c0)[0], 'c0', 'it lies on top');
    assert.deepEqual(update(state, { type: 'undo', t: 4 }).history.present.placed, { c1: other }, 'one step for undo');
    assert.deepEqual(
      state.moves.map(({ clip, how }) => [clip, how]),
      [['c0', 'click']],
    );
  }
});

test('a press on the middle of a clip puts the held one on the side from which it comes', () => {
  const placements = [
    { clip: 'c0', x: -0.4, y: 0 },
    { clip: 'c1', x: 0.1, y: 0 },
  ];
  let state = arenaOf(3, { placements });
  state = update(state, { type: 'pick', id: 'c0', how: 'click' });
  state = update(state, { type: 'put', x: 0.1, y: 0, onto: 'c1', t: 0 });
  const { c0, c1 } = placedIn(state);
  assert.ok(c0.x < c1.x && Math.abs(c0.y) < 1e-12);
});

test('several in hand are put down on a clip in formation, in one step', () => {
  const placements = [
    [0, 0],
    [0.1, 0.05],
    [-0.3, -0.2],
  ].map(([x, y], index) => ({ clip: `c${index}`, x, y }));
  let state = arenaOf(4, { placements });
  state = update(state, { type: 'select', ids: ['c0', 'c1'] });
  state = update(state, { type: 'pick', id: 'c1', how: 'click' });
  const before = state.history.present;
  state = update(state, { type: 'put', x: -0.3, y: -0.2, onto: 'c2', t: 0 });
  const { c0, c1, c2 } = placedIn(state);
  assert.deepEqual(c2, { x: -0.3, y: -0.2 });
  assert.ok(Math.abs(c1.x - c0.x - 0.1) < 1e-9 && Math.abs(c1.y - c0.y - 0.05) < 1e-9);
  assert.ok(Math.hypot((c0.x + c1.x) / 2 - c2.x, (c0.y + c1.y) / 2 - c2.y) < 0.1);
  assert.strictEqual(update(state, { type: 'undo', t: 0 }).history.present, before);
});

test('clips on one spot are listed from the top, and each can be taken', () => {
  const placements = ['c0', 'c1', 'c2'].map((clip) => ({ clip, x: 0.2, y: 0.1 }));
  const state = arenaOf(4, { placements });
  assert.deepEqual(clipsAt(state, { x: 0.2, y: 0.1 }), ['c2', 'c1', 'c0']);
  for (const id of ['c0', 'c1', 'c2'])
    assert.deepEqual(update(state, { type: 'pick', id, how: 'click' }).hand.ids, [id]);
});
