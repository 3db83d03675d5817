/** The outbox against a scripted server: nothing leaves it but by an ack of the very bytes. Faults F01-F03, F06, F07, F12. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { ApiError, createApi } from '../../static/task/api.js';
import { BODY_LIMIT, createOutbox } from '../../static/task/outbox.js';
import { pauseBefore } from '../../static/task/backoff.js';
import { openStore } from '../../static/task/store.js';

// At once, as a browser does that denies it.
const noDatabase = () => {
  throw new Error('no storage in this test');
};

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

const ackOf = (key, bytes) => ({ ack: { trial_key: key, sha256: sha256(bytes) }, next: { after: key } });
const unreachable = () => {
  throw new ApiError('no network');
};
const answering = (status) => () => {
  throw new ApiError(`status ${status}`, { status, refused: status === 422 || status === 413, code: 'x' });
};

/** An outbox on a server that answers by `script`, one step a call, and acks when the script is over. Pauses take no time. */
async function outboxOn(script, store) {
  store ??= await openStore(noDatabase);
  const calls = [];
  const acked = [];
  const pauses = [];
  const states = [];
  const outbox = createOutbox({
    store,
    token: 'T',
    session: () => 'S',
    submit: async (key, bytes) => {
      calls.push(key);
      return (script.shift() ?? ackOf)(key, bytes);
    },
    onAcked: (entry, next) => acked.push([entry.key, next]),
    onChange: () => states.push(outbox?.state()),
    wait: (ms) => {
      pauses.push(ms);
      if (pauses.length > 50) throw new Error('This would go on for ever.');
      return { promise: Promise.resolve(), now: () => {} };
    },
    random: () => 0.5,
  });
  const settled = async () => {
    for (let i = 0; i < 1000 && outbox.state().waiting && !outbox.state().refused; i += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { outbox, store, calls, acked, pauses, states, settled };
}

test('f01: a lost network is retried, with growing pauses, until the ack', async () => {
  const run = await outboxOn([unreachable, unreachable, unreachable, unreachable]);
  await run.outbox.add('k1', '{"a":1}');
  await run.settled();
  assert.equal(run.calls.length, 5);
  assert.deepEqual(run.acked, [['k1', { after: 'k1' }]]);
  assert.deepEqual(run.pauses, [750, 1500, 3000, 6000]);
  assert.deepEqual(run.store.entries(), []);
  assert.ok(run.states.some((state) => state?.problem === 'connection'));
  assert.deepEqual(run.outbox.state(), { waiting: 0, problem: null, refused: null });
});

test('f01: pauses grow to a bound, differ by chance, and keep to what the server asks for', () => {
  const longest = Array.from({ length: 60 }, (_, i) => pauseBefore(i + 1, 0, () => 1));
  longest.forEach((pause, i) => assert.ok(pause >= (longest[i - 1] ?? 0) && pause <= 30_000));
  assert.equal(longest[0], 1000);
  assert.equal(longest.at(-1), 30_000);
  assert.equal(
    pauseBefore(5, 0, () => 0),
    pauseBefore(5, 0, () => 1) / 2,
  );
  assert.equal(
    pauseBefore(1, 7000, () => 0),
    7000,
  );
  assert.ok(pauseBefore(1, 1e9, () => 0) <= 60_000);
});

for (const status of [500, 502, 503, 504, 429, 408, 425]) {
  test(`f02: ${status} is retried`, async () => {
    const api = createApi({
      token: 'T',
      tab: 'a',
      fetch: async () => new Response('{}', { status, headers: { 'Retry-After': '3' } }),
    });
    const error = await api.submit('k', new Uint8Array()).catch((caught) => caught);
    assert.ok(error instanceof ApiError);
    assert.equal(error.refused, false);
    assert.equal(error.retryAfter, 3000);
    const run = await outboxOn([answering(status), answering(status)]);
    await run.outbox.add('k1', '{}');
    await run.settled();
    assert.equal(run.calls.length, 3);
    assert.equal(run.acked.length, 1);
  });
}

test('f02: a server that never answers is retried, too', async () => {
  const never = (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  const api = createApi({ token: 'T', tab: 'a', fetch: never, timeout: 20 });
  const alive = setTimeout(() => {}, 5000);
  const error = await api.submit('k', new Uint8Array()).catch((caught) => caught);
  clearTimeout(alive);
  assert.ok(error instanceof ApiError && !error.refused && error.status === 0);
});

for (const status of [400, 401, 403, 404, 409, 410, 413, 422]) {
  test(`f02: ${status} is a refusal, in the server's words`, async () => {
    const body = JSON.stringify({ error: { code: 'why', message: 'Because.', field: null }, next: { n: 1 } });
    const api = createApi({ token: 'T', tab: 'a', fetch: async () => new Response(body, { status }) });
    const error = await api.submit('k', new Uint8Array()).catch((caught) => caught);
    assert.equal(error.refused, true);
    assert.deepEqual([error.status, error.code, error.message, error.next], [status, 'why', 'Because.', { n: 1 }]);
  });
}

test('f02: a refusal stops the queue, keeps the data, and is let past only by hand', async () => {
  const run = await outboxOn([answering(422)]);
  await run.outbox.add('k1', '{"a":1}');
  await run.outbox.add('k2', '{"b":2}');
  await run.settled();
  assert.deepEqual(run.calls, ['k1']);
  assert.equal(run.outbox.state().refused.body, '{"a":1}');
  assert.equal(run.outbox.state().refused.refused.status, 422);
  assert.equal(run.outbox.state().waiting, 2);
  await run.outbox.setAside();
  await run.settled();
  assert.deepEqual(run.calls, ['k1', 'k2']);
  assert.deepEqual(
    run.store.entries().map(({ key, setAside }) => [key, setAside]),
    [['k1', true]],
  );
  assert.deepEqual(run.outbox.state(), { waiting: 0, problem: null, refused: null });
});

test('f02: a refused entry can be sent again', async () => {
  const run = await outboxOn([answering(422)]);
  await run.outbox.add('k1', '{}');
  await run.settled();
  await run.outbox.tryAgain();
  await run.settled();
  assert.equal(run.acked.length, 1);
});

const falseAcks = {
  'another trial': (key, bytes) => ackOf('other', bytes),
  'another body': (key) => ackOf(key, Buffer.from('other')),
  'no ack': () => ({ next: {} }),
  'nothing next': (key, bytes) => ({ ack: ackOf(key, bytes).ack }),
  'an empty answer': () => ({}),
};
for (const [name, answer] of Object.entries(falseAcks)) {
  test(`f03: an answer with ${name} is no success`, async () => {
    const run = await outboxOn([answer]);
    await run.outbox.add('k1', '{"a":"ä"}');
    await run.settled();
    assert.equal(run.calls.length, 2);
    assert.deepEqual(run.acked, [['k1', { after: 'k1' }]]);
  });
}

test('f03: a sign-in page of the network is no success', async () => {
  const page = async () => new Response('<h1>Welcome</h1>', { status: 200 });
  const api = createApi({ token: 'T', tab: 'a', fetch: page });
  const error = await api.submit('k', new Uint8Array()).catch((caught) => caught);
  assert.ok(error instanceof ApiError && !error.refused);
});

test('f06: several are sent one at a time, in the order in which they were finished', async () => {
  let open = 0;
  let most = 0;
  const slow = async (key, bytes) => {
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open -= 1;
    return ackOf(key, bytes);
  };
  const run = await outboxOn([slow, unreachable, slow, slow, slow]);
  await Promise.all(['k1', 'k2', 'k3'].map((key) => run.outbox.add(key, `{"k":"${key}"}`)));
  while (run.acked.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(most, 1);
  assert.deepEqual(
    run.acked.map(([key]) => key),
    ['k1', 'k2', 'k3'],
  );
  assert.deepEqual(run.calls, ['k1', 'k2', 'k2', 'k3']);
});

test('f07: a body over the limit is not sent, and is kept', async () => {
  const run = await outboxOn([]);
  await run.outbox.add('k1', 'ä'.repeat(BODY_LIMIT / 2) + '!');
  await run.settled();
  assert.deepEqual(run.calls, []);
  assert.equal(run.outbox.state().refused.refused.status, 413);
  const small = await outboxOn([]);
  await small.outbox.add('k2', 'ä'.repeat(BODY_LIMIT / 2));
  await small.settled();
  assert.deepEqual(small.calls, ['k2']);
});

test('f12: a page that starts again sends what the one before left, and only its own session', async () => {
  const first = await outboxOn([]);
  const put = (key, session, token, order) => {
    const entry = { id: key, session, token, key, body: '{}', sha256: sha256('{}'), order };
    return first.store.put({ ...entry, refused: null, setAside: false });
  };
  await put('k2', 'S', 'T', 2);
  await put('k1', 'S', 'an earlier token of the session', 1);
  await put('kx', 'another', 'T', 3);
  const second = await outboxOn([], first.store);
  await second.outbox.start();
  assert.deepEqual(second.calls, ['k1', 'k2']);
  assert.deepEqual(
    first.store.entries().map(({ key }) => key),
    ['kx'],
  );
});

test('a withdrawn session leaves nothing behind, and nothing more of it is sent', async () => {
  const run = await outboxOn([answering(422)]);
  await run.outbox.add('k1', '{}');
  await run.settled();
  await run.outbox.clear();
  await run.outbox.start();
  assert.deepEqual(run.calls, ['k1']);
  assert.deepEqual(run.store.entries(), []);
});

test('a refusal of what was withdrawn meanwhile is nothing to show', async () => {
  let refuse;
  const pending = () => new Promise((_, reject) => (refuse = reject));
  const run = await outboxOn([pending]);
  await run.outbox.add('k1', '{}');
  await run.outbox.clear();
  refuse(new ApiError('ended', { status: 409, refused: true }));
  await run.settled();
  assert.deepEqual(run.outbox.state(), { waiting: 0, problem: null, refused: null });
  assert.deepEqual(run.store.entries(), []);
});

/** A browser's storage; each change waits for `ready`. */
function databaseIn(kept, ready = async () => {}) {
  const store = {
    put: (entry) => ready().then(() => kept.set(entry.id, entry)),
    delete: (id) => ready().then(() => kept.delete(id)),
  };
  const transaction = () => ({ store, commit: () => {}, done: Promise.resolve() });
  return { getAll: async () => [], transaction };
}

test('a storage that fails in the middle says so and loses nothing', async () => {
  let healthy = true;
  const kept = new Map();
  const database = databaseIn(kept, async () => {
    if (!healthy) throw new Error('disk full');
  });
  const store = await openStore(async () => database);
  await store.putDraft({ id: 'd' });
  assert.equal(store.persistent, true);
  assert.deepEqual([...kept.keys()], ['d']);
  healthy = false;
  const run = await outboxOn([], store);
  await run.outbox.add('k1', '{}');
  await run.settled();
  assert.equal(store.persistent, false);
  assert.equal(run.acked.length, 1);
});

test('a storage that is slow to open or to write is not waited for, and used once it answers', async () => {
  const kept = new Map();
  let open;
  let write;
  const opening = new Promise((resolve) => (open = resolve));
  const store = await openStore(() => opening, 0);
  await store.putDraft({ id: 'before' });
  assert.equal(store.persistent, false);
  const writing = new Promise((resolve) => (write = resolve));
  open(databaseIn(kept, () => writing));
  await opening;
  await store.putDraft({ id: 'during' });
  await store.putDraft({ id: 'more' });
  await new Promise((resolve) => setTimeout(resolve, 20)); // the patience of 0 ms is over for all that is written
  assert.equal(store.persistent, false);
  write();
  for (let i = 0; i < 1000 && !store.persistent; i += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(store.persistent, true);
  assert.deepEqual([...kept.keys()].sort(), ['before', 'during', 'more']);
});
