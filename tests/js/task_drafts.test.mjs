/** Drafts: which placements a page begins with, when they are sent, and what stays in this browser. Faults F11, F15. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ApiError } from '../../static/task/api.js';
import { createBreaks, withBreaks } from '../../static/task/breaks.js';
import { createDrafts, fingerprint, pickDraft } from '../../static/task/drafts.js';
import { openStore } from '../../static/task/store.js';

const A = { clip: 'a', x: 0.1, y: 0.2 };
const B = { clip: 'b', x: -0.1, y: 0 };
const result = (placements) => ({ placements, moves: [], plays: [], duration: 10, hidden: 0 });
const noDatabase = () => Promise.reject(new Error('no storage in this test'));
const turns = async () => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

async function draftsOn(send) {
  const store = await openStore(noDatabase);
  const sent = [];
  const refused = [];
  const drafts = createDrafts({
    store,
    send: async (key, body, options = {}) => {
      sent.push({ key, ...JSON.parse(body), ...options });
      return send ? send(sent.length) : { saved: true };
    },
    onRefused: (error) => refused.push(error.code),
  });
  return { store, drafts, sent, refused };
}

test('fingerprints do not depend on the order or on the last digits', () => {
  assert.equal(fingerprint([A, B]), fingerprint([B, { ...A, x: 0.1 + 1e-12 }]));
  assert.notEqual(fingerprint([A, B]), fingerprint([A, { ...B, y: 0.001 }]));
  assert.equal(fingerprint(null), fingerprint([]));
});

test('f11: placements that never reached the server are there on return', () => {
  const local = { id: 'x', body: JSON.stringify([A, B]), over: fingerprint([A]) };
  assert.deepEqual(pickDraft({ placements: [A] }, local), { placements: [A, B], watched: [] });
  assert.deepEqual(pickDraft(null, { ...local, over: fingerprint(null) }), { placements: [A, B], watched: [] });
  assert.deepEqual(pickDraft({ placements: [A] }, null), { placements: [A] });
  assert.equal(pickDraft(null, null), null);
});

test('f15: what another device did meanwhile goes before local leftovers', () => {
  const local = { id: 'x', body: JSON.stringify([A]), over: fingerprint(null) };
  assert.deepEqual(pickDraft({ placements: [B] }, local), { placements: [B], watched: [] });
});

test('f11: changes go out once every two seconds, and local copies only live until then', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { store, drafts, sent } = await draftsOn();
  let placements = [A];
  drafts.begin({ key: 'k', draft: null }, () => result(placements));
  drafts.changed();
  assert.equal(drafts.state().unsaved, true);
  assert.deepEqual(JSON.parse(store.draft('k').body), { placements: [A], watched: [] });
  mock.timers.tick(1500);
  placements = [A, B];
  drafts.changed();
  mock.timers.tick(499);
  assert.equal(sent.length, 0);
  mock.timers.tick(1);
  await turns();
  assert.deepEqual(sent, [{ key: 'k', ...result([A, B]) }]);
  assert.deepEqual(drafts.state(), { unsaved: false, problem: null });
  assert.equal(store.draft('k'), null);
  mock.timers.tick(60_000);
  await turns();
  assert.equal(sent.length, 1);
});

test('f01: a draft that does not get through is kept, tried again, and the trouble is told', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { store, drafts, sent } = await draftsOn((n) => {
    if (n < 4) throw new ApiError('no network');
    return { saved: true };
  });
  drafts.begin({ key: 'k', draft: { placements: [B] } }, () => result([A]));
  drafts.changed();
  mock.timers.tick(2000);
  await turns();
  assert.deepEqual(drafts.state(), { unsaved: true, problem: 'connection' });
  assert.equal(store.draft('k').over, fingerprint([B]));
  for (let i = 0; i < 3; i += 1) {
    mock.timers.tick(30_000);
    await turns();
  }
  assert.equal(sent.length, 4);
  assert.deepEqual(drafts.state(), { unsaved: false, problem: null });
});

test('a draft that the server does not keep, as in practice, stays in this browser', async () => {
  const { drafts } = await draftsOn(() => ({ saved: false }));
  drafts.begin({ key: 'k', draft: null }, () => result([A]));
  drafts.changed();
  await drafts.now();
  drafts.end();
  assert.deepEqual(drafts.draftOf({ key: 'k', draft: null }), { placements: [A], watched: [] });
});

test('a change during a draft on its way is sent after it', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  let answer;
  const { drafts, sent } = await draftsOn((n) =>
    n === 1 ? new Promise((resolve) => (answer = resolve)) : { saved: true },
  );
  let placements = [A];
  drafts.begin({ key: 'k', draft: null }, () => result(placements));
  drafts.changed();
  mock.timers.tick(2000);
  placements = [A, B];
  drafts.changed();
  answer({ saved: true });
  await turns();
  assert.equal(drafts.state().unsaved, true);
  mock.timers.tick(2000);
  await turns();
  assert.deepEqual(
    sent.map(({ placements: p }) => p.length),
    [1, 2],
  );
  assert.equal(drafts.state().unsaved, false);
});

test('f17: a refused draft is reported, as when the task goes on elsewhere', async () => {
  const { drafts, refused } = await draftsOn(() => {
    throw new ApiError('elsewhere', { refused: true, status: 409, code: 'elsewhere' });
  });
  drafts.begin({ key: 'k', draft: null }, () => result([A]));
  drafts.changed();
  await drafts.now();
  drafts.end();
  assert.deepEqual(refused, ['elsewhere']);
});

test('a farewell outlives the page, and fits into what browsers let such a request carry', async () => {
  const { drafts, sent } = await draftsOn();
  const moves = Array.from({ length: 3000 }, (_, t) => ({ clip: 'a', t, x: 0, y: 0, how: 'drag' }));
  drafts.begin({ key: 'k', draft: null }, () => ({ ...result([A]), moves }));
  drafts.farewell();
  assert.equal(sent.length, 0);
  drafts.changed();
  drafts.farewell();
  drafts.end();
  assert.equal(sent[0].keepalive, true);
  assert.deepEqual([sent[0].placements, sent[0].moves], [[A], []]);
});

test('breaks count once: with the page in view here, hidden in the arena', () => {
  let now = 0;
  const breaks = createBreaks(() => now);
  const pass = (ms) => (now += ms);
  pass(100);
  breaks.rest();
  pass(1000);
  breaks.visibility(true);
  pass(5000);
  breaks.visibility(false);
  pass(200);
  assert.equal(breaks.total(), 1200);
  breaks.goOn();
  pass(400);
  assert.equal(breaks.total(), 1200);
  assert.equal(withBreaks({ duration: 6700, hidden: 5000 }, 1200).hidden, 6200);
  assert.equal(withBreaks({ duration: 6000, hidden: 5000 }, 1200).hidden, 6000);
  breaks.reset();
  assert.equal(breaks.total(), 0);
});

test('what was watched is kept on either side, whoever moved a clip last', () => {
  const local = { id: 'x', body: JSON.stringify({ placements: [A], watched: ['a'] }), over: fingerprint(null) };
  assert.deepEqual(pickDraft(null, local), { placements: [A], watched: ['a'] });
  assert.deepEqual(pickDraft({ placements: [B], watched: ['b'] }, local), { placements: [B], watched: ['b', 'a'] });
});

test('what was watched here and never reached the server goes out, also where another device has placed clips since', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { store, drafts, sent } = await draftsOn();
  await store.putDraft({ id: 'k', body: JSON.stringify({ placements: [A], watched: ['a'] }), over: fingerprint(null) });
  const server = { placements: [B], watched: ['b'] };
  const draft = drafts.draftOf({ key: 'k', draft: server });
  drafts.begin({ key: 'k', draft: server }, () => ({ ...result(draft.placements), watched: draft.watched }));
  mock.timers.tick(2000);
  await turns();
  assert.deepEqual(
    sent.map(({ placements, watched }) => [placements, watched]),
    [[[B], ['b', 'a']]],
  );
});
