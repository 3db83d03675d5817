/** Loading clips: order, parallel downloads, retries, and what a failure does. Fault F28 on the client's side. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { createPreloader, preloadOrder } from '../../static/task/preload.js';

const clip = (id) => ({
  id,
  poster: `/m/${id}.webp`,
  sources: [
    { src: `/m/${id}.mp4`, type: 'video/mp4' },
    { src: `/m/${id}.webm`, type: 'video/webm' },
  ],
});
const mp4 = (type) => type === 'video/mp4';
const turn = () => new Promise((resolve) => setTimeout(resolve, 2));

/** A preloader on a network where `answer(url, attempt)` says what comes back. */
function preloaderOn(answer, options = {}) {
  const [asked, ready, failed, revoked] = [[], [], [], []];
  const network = { open: 0, most: 0 };
  const preloader = createPreloader({
    canPlay: mp4,
    retryDelays: [0, 0],
    onReady: ({ id }) => ready.push(id),
    onFailed: ({ id }, url, reason, kind) => kind === 'clip' && failed.push([id, url, reason]),
    urls: { createObjectURL: () => `blob:${asked.length}`, revokeObjectURL: (url) => revoked.push(url) },
    fetch: async (url) => {
      asked.push(url);
      network.most = Math.max(network.most, (network.open += 1));
      await turn();
      network.open -= 1;
      return answer(url, asked.filter((other) => other === url).length);
    },
    ...options,
  });
  const settled = async () => {
    for (let quiet = 0; quiet < 5; quiet = network.open ? 0 : quiet + 1) await turn();
  };
  return { preloader, asked, ready, failed, revoked, network, settled };
}

/** A file that answers and then brings nothing, or a byte now and then. */
const trickle = (bytes = 0) => {
  const stream = new ReadableStream({
    start(controller) {
      if (bytes) setInterval(() => controller.enqueue(new Uint8Array(bytes)), 1000);
    },
  });
  return new Response(stream);
};

const fine = () => new Response('x'.repeat(10));

test('the order: posters of the trial, its clips in seat order, then what comes next; each once', () => {
  const trial = { clips: [clip('b'), clip('a')] };
  const urls = preloadOrder(trial, [clip('a'), clip('c')], mp4).map(({ url }) => url);
  assert.deepEqual(urls, ['/m/b.webp', '/m/a.webp', '/m/b.mp4', '/m/a.mp4', '/m/c.webp', '/m/c.mp4']);
  const webm = preloadOrder(trial, [], (type) => type === 'video/webm');
  assert.equal(webm.at(-1).url, '/m/a.webm');
});

test('f28: four downloads at once, in order, and every clip plays from memory afterwards', async () => {
  const run = preloaderOn(fine);
  const trial = { clips: ['a', 'b', 'c', 'd', 'e', 'f'].map(clip) };
  const expected = preloadOrder(trial, [], mp4).map(({ url }) => url);
  run.preloader.want(trial, []);
  assert.deepEqual(run.preloader.state(), { total: 6, ready: 0, failed: 0 });
  await run.settled();
  assert.equal(run.network.most, 4);
  assert.deepEqual(run.asked, expected);
  assert.deepEqual(run.ready, ['a', 'b', 'c', 'd', 'e', 'f']);
  assert.deepEqual(run.preloader.state(), { total: 6, ready: 6, failed: 0 });
  for (const { sources } of trial.clips) {
    assert.equal(sources.length, 1);
    assert.match(sources[0].src, /^blob:/);
    assert.equal(sources[0].type, 'video/mp4');
  }
});

test('f28: each file is tried again', async () => {
  const run = preloaderOn((url, attempt) => (attempt < 3 ? new Response('', { status: 503 }) : fine()));
  run.preloader.want({ clips: [clip('a')] }, []);
  await run.settled();
  assert.deepEqual(run.failed, []);
  assert.equal(run.preloader.state().ready, 1);
  assert.equal(run.asked.filter((url) => url === '/m/a.mp4').length, 3);
});

test('a clip that cannot be loaded is reported, does not stop the others, and can be tried again', async () => {
  let broken = true;
  const run = preloaderOn((url) => (broken && url === '/m/a.mp4' ? new Response('', { status: 404 }) : fine()));
  const trial = { clips: [clip('a'), clip('b')] };
  run.preloader.want(trial, []);
  await run.settled();
  assert.deepEqual(run.failed, [['a', '/m/a.mp4', 'status 404']]);
  assert.deepEqual(run.preloader.state(), { total: 2, ready: 1, failed: 1 });
  assert.equal(trial.clips[0].sources.length, 2, 'it may still play from its address');
  broken = false;
  run.preloader.retry();
  await run.settled();
  assert.deepEqual(run.preloader.state(), { total: 2, ready: 2, failed: 0 });
});

test('what was loaded ahead is there at once when its trial begins', async () => {
  const run = preloaderOn(fine);
  run.preloader.want({ clips: [clip('a')] }, [clip('b')]);
  await run.settled();
  assert.deepEqual(run.ready, ['a']);
  const next = { clips: [clip('b')] };
  run.preloader.want(next, []);
  assert.deepEqual(run.ready, ['a', 'b']);
  assert.match(next.clips[0].sources[0].src, /^blob:/);
  assert.equal(run.asked.length, 4);
});

test('memory is bounded: clips unused for longest are let go, never those of the trial', async () => {
  const run = preloaderOn(fine, { keep: 20 });
  for (const ids of [['a'], ['b'], ['c', 'd', 'e']]) {
    run.preloader.want({ clips: ids.map(clip) }, []);
    await run.settled();
  }
  run.preloader.want({ clips: [clip('c'), clip('d'), clip('e')] }, []);
  assert.equal(run.revoked.length, 2);
  assert.equal(run.preloader.state().ready, 3);
});

for (const [what, answer] of [
  ['never answers', () => new Promise(() => {})],
  ['answers and brings nothing', () => trickle()],
  ['brings a byte a second', () => trickle(1)],
]) {
  test(`f49: a server that ${what} is given up on in less than 30 s, for all clips at once`, async (t) => {
    let time = 0;
    mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    t.after(() => mock.timers.reset());
    const failed = [];
    const preloader = createPreloader({
      canPlay: mp4,
      now: () => time,
      fetch: async () => answer(),
      onFailed: ({ id }, url, reason, kind) => kind === 'clip' && failed.push([id, Math.round(time / 1000), reason]),
    });
    preloader.want({ clips: Array.from({ length: 20 }, (_, i) => clip(`c${i}`)) }, []);
    for (; time < 30_000 && failed.length < 20; time += 100) {
      mock.timers.tick(100);
      for (let i = 0; i < 12; i += 1) await Promise.resolve();
    }
    assert.equal(new Set(failed.map(([id]) => id)).size, 20);
    assert.ok(
      failed.every(([, seconds, reason]) => seconds < 30 && reason === 'the download stalled'),
      String(failed),
    );
    assert.deepEqual(preloader.state(), { total: 20, ready: 0, failed: 20 });
  });
}

test('f49: one file that stalls does not take the others with it, and a slow file is not given up on', async (t) => {
  let time = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  const slow = () => {
    let left = 60;
    return new Response(
      new ReadableStream({
        start(controller) {
          setInterval(() => {
            if (left === 0) return;
            controller.enqueue(new Uint8Array(4096));
            left -= 1;
            if (left === 0) controller.close();
          }, 1000);
        },
      }),
    );
  };
  const failed = [];
  const preloader = createPreloader({
    canPlay: mp4,
    now: () => time,
    urls: { createObjectURL: () => 'blob:x', revokeObjectURL: () => {} },
    fetch: async (url) => (url === '/m/a.mp4' ? trickle() : url === '/m/b.mp4' ? slow() : fine()),
    onFailed: ({ id }) => failed.push(id),
  });
  preloader.want({ clips: ['a', 'b', 'c'].map(clip) }, []);
  for (; time < 40_000; time += 100) {
    mock.timers.tick(100);
    for (let i = 0; i < 12; i += 1) await Promise.resolve();
  }
  assert.deepEqual(failed, ['a']);
  for (; time < 65_000; time += 100) {
    mock.timers.tick(100);
    for (let i = 0; i < 12; i += 1) await Promise.resolve();
  }
  assert.equal(preloader.state().ready, 2);
});

test('f49: what was given up on is tried once more without being asked', async () => {
  let broken = true;
  const run = preloaderOn(() => (broken ? new Response('', { status: 404 }) : fine()), { again: 60 });
  run.preloader.want({ clips: [clip('a')] }, []);
  await run.settled();
  assert.equal(run.preloader.state().failed, 1);
  broken = false;
  await new Promise((resolve) => setTimeout(resolve, 80));
  await run.settled();
  assert.deepEqual(run.preloader.state(), { total: 1, ready: 1, failed: 0 });
});

test('a clip that does not play is loaded anew by the next try', async () => {
  const run = preloaderOn(fine);
  const trial = { clips: [clip('a')] };
  run.preloader.want(trial, []);
  await run.settled();
  run.preloader.reject('a');
  assert.deepEqual(run.preloader.state(), { total: 1, ready: 0, failed: 1 });
  assert.equal(trial.clips[0].sources[0].src, '/m/a.mp4');
  run.preloader.retry();
  await run.settled();
  assert.equal(run.asked.filter((url) => url === '/m/a.mp4').length, 2);
  assert.match(trial.clips[0].sources[0].src, /^blob:/);
});

test('f49: good files behind bad ones are there soon after the bad ones were given up on', async (t) => {
  let time = 0;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  t.after(() => mock.timers.reset());
  const ready = [];
  const preloader = createPreloader({
    canPlay: mp4,
    now: () => time,
    urls: { createObjectURL: () => 'blob:x', revokeObjectURL: () => {} },
    fetch: async (url) => (/[abcd].mp4/.test(url) ? trickle() : fine()),
    onReady: ({ id }) => ready.push(id),
  });
  preloader.want({ clips: ['a', 'b', 'c', 'd', 'e', 'f'].map(clip) }, []);
  for (; time < 30_000; time += 100) {
    mock.timers.tick(100);
    for (let i = 0; i < 12; i += 1) await Promise.resolve();
  }
  assert.deepEqual(ready, ['e', 'f']);
});

test('the same trial wanted once more plays from memory, and asks for nothing', async () => {
  const run = preloaderOn(fine);
  const trial = { clips: [clip('a')] };
  run.preloader.want(trial, []);
  await run.settled();
  run.preloader.want(trial, []);
  await run.settled();
  assert.equal(run.asked.length, 2);
  assert.deepEqual(run.preloader.state(), { total: 1, ready: 1, failed: 0 });
});

test('where there is a bucket clips come from it, and from the server while it fails', async () => {
  const media = (id) => ({
    id,
    poster: `/media/t/${id}.webp?v=1`,
    sources: [{ src: `/media/t/${id}.mp4?v=1`, type: 'video/mp4' }],
  });
  let works = true;
  let clock = 0;
  const answer = (url) => {
    if (url.endsWith('&from=bucket') && !works) throw new TypeError('Failed to fetch');
    return fine();
  };
  const run = preloaderOn(answer, { fromBucket: true, now: () => clock });
  const asks = async (id) => {
    run.asked.length = 0;
    const trial = { clips: [media(id)] };
    run.preloader.want(trial, []);
    await run.settled();
    assert.match(trial.clips[0].sources[0].src, /^blob:/);
    return run.asked.map((url) => url.replace(`/media/t/${id}.`, ''));
  };
  assert.deepEqual(await asks('a'), ['webp?v=1', 'mp4?v=1&from=bucket']);
  works = false;
  assert.deepEqual(await asks('b'), ['webp?v=1', 'mp4?v=1&from=bucket', 'mp4?v=1']);
  works = true;
  assert.deepEqual(await asks('c'), ['webp?v=1', 'mp4?v=1'], 'it is left alone for a while');
  clock += 300_000;
  assert.deepEqual(await asks('d'), ['webp?v=1', 'mp4?v=1&from=bucket']);
  assert.deepEqual(run.failed, []);
  // The program's own files are in no bucket.
  run.asked.length = 0;
  run.preloader.want({ clips: [clip('e')] }, []);
  await run.settled();
  assert.deepEqual(run.asked, ['/m/e.webp', '/m/e.mp4']);
});
