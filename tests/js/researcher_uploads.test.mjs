/** Files on their way from the experimenter's page to the server. */

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';

import { belowFolder, filesOfChoice } from '../../static/researcher/dropped-files.js';
import { hashOf } from '../../static/researcher/file-hash.js';
import { Refused, send } from '../../static/researcher/tus-upload.js';
import { LANES, makeQueue } from '../../static/researcher/upload-queue.js';

const CHUNK = 4;
const TUS = { 'Tus-Resumable': '1.0.0' };
const refusal = (status, code) =>
  new Response(JSON.stringify({ error: { code, message: `it is ${code}` } }), { status, headers: TUS });

/** A server that keeps one file; `trouble(request number)` may answer or throw in its place, before or after it took it. */
function server(trouble = () => null) {
  let kept = '';
  const seen = [];
  async function answer(url, { method, headers, body }) {
    const turn = seen.push(`${method} ${headers['Upload-Offset'] ?? ''}`.trim());
    const before = trouble(turn, 'before');
    if (before) return before;
    const here = kept.length;
    let reply;
    if (method === 'POST') {
      reply = new Response(JSON.stringify({ here, chunk: CHUNK }), {
        status: 201,
        headers: { ...TUS, Location: '/up/1' },
      });
    } else if (Number(headers['Upload-Offset']) !== here) reply = refusal(409, 'offset');
    else {
      kept += Buffer.from(body).toString();
      reply = new Response(null, { status: 204, headers: { ...TUS, 'Upload-Offset': String(kept.length) } });
    }
    return trouble(turn, 'after') ?? reply;
  }
  return { answer, seen, kept: () => kept };
}

function how(fetch, more = {}) {
  const told = { sent: [], troubles: [], pauses: [] };
  const all = {
    address: '/up',
    token: 't',
    hash: hashOf,
    fetch,
    signal: new AbortController().signal,
    onSent: (sent) => told.sent.push(sent),
    onTrouble: (trouble) => trouble && told.troubles.push(trouble),
    wait: async (failures) => void told.pauses.push(failures),
    ...more,
  };
  return { told, all };
}
const FILE = new Blob(['0123456789']);
const lost = () => {
  throw new TypeError('network');
};

test('a file is sent piece by piece, from where the server is', async () => {
  const { answer, seen, kept } = server();
  const { told, all } = how(answer);
  await send(FILE, 'a.mp4', all);
  assert.equal(kept(), '0123456789');
  assert.deepEqual(seen, ['POST', 'PATCH 0', 'PATCH 4', 'PATCH 8']);
  assert.deepEqual(told.sent, [0, 4, 8, 10]);
});

for (const when of ['before', 'after']) {
  test(`a network that fails ${when} the server had a piece costs no more than that piece`, async () => {
    const { answer, seen, kept } = server((turn, at) => (turn === 3 && at === when ? lost() : null));
    const { told, all } = how(answer);
    await send(FILE, 'a.mp4', all);
    assert.equal(kept(), '0123456789');
    assert.deepEqual(seen.slice(2, 5), ['PATCH 4', 'POST', when === 'before' ? 'PATCH 4' : 'PATCH 8']);
    assert.deepEqual(told.pauses, [1]);
    assert.match(told.troubles[0], /No connection/);
  });
}

test('pauses grow while the trouble lasts, whatever kind it is', async () => {
  const troubles = [
    lost,
    () => refusal(503, 'busy_server'),
    () => refusal(429, 'x'),
    () => refusal(401, 'unauthorised'),
    () => new Response('<html>Sign in to this network', { status: 200 }),
    () => refusal(409, 'offset'),
    () => refusal(409, 'busy'),
  ];
  const { answer, kept } = server((turn, at) => (at === 'before' ? (troubles[turn - 1]?.() ?? null) : null));
  const { told, all } = how(answer);
  await send(FILE, 'a.mp4', all);
  assert.equal(kept(), '0123456789');
  assert.deepEqual(told.pauses, [1, 2, 3, 4, 5, 6, 7]);
});

test('a refusal ends it, in the words of the server', async () => {
  const { answer, seen } = server(() => refusal(400, 'invalid'));
  await assert.rejects(send(FILE, 'a.mp4', how(answer).all), { message: 'it is invalid', code: 'invalid' });
  assert.equal(seen.length, 1);
});

test('what arrived damaged is sent once more, and then given up', async () => {
  const { answer } = server((turn, at) => (turn > 1 && at === 'before' ? refusal(409, 'damaged') : null));
  const { told, all } = how(answer);
  await assert.rejects(send(FILE, 'a.mp4', all), { code: 'damaged' });
  assert.deepEqual(told.pauses, [1]);
});

test('the answer to the last piece is lost, and the file is a clip all the same', async () => {
  const { answer } = server((turn, at) =>
    turn === 4 && at === 'after' ? lost() : turn === 5 ? refusal(409, 'same') : null,
  );
  await send(FILE, 'a.mp4', how(answer).all);
  const known = server(() => refusal(409, 'same'));
  await assert.rejects(send(FILE, 'a.mp4', how(known.answer).all), { code: 'same' });
});

test('a file that was removed from the disk is named, and not asked for forever', async () => {
  const gone = { size: 10, slice: () => ({ arrayBuffer: () => Promise.reject(new Error('NotReadable')) }) };
  const { answer } = server();
  await assert.rejects(send(gone, 'a.mp4', how(answer, { hash: async () => 'ab' }).all), /cannot be read/);
});

test('a name in any letters is announced in UTF-8', async () => {
  let announced = '';
  const { answer } = server();
  const note = (url, options) => {
    announced ||= options.headers['Upload-Metadata'];
    return answer(url, options);
  };
  await send(FILE, 'süß 😀.mp4', how(note).all);
  const [name, sha256] = announced.split(',').map((pair) => Buffer.from(pair.split(' ')[1], 'base64').toString());
  assert.equal(name, 'süß 😀.mp4');
  assert.equal(sha256, createHash('sha256').update('0123456789').digest('hex'));
});

test('the SHA-256 of a large file, and of one on plain http, is that of its bytes', async () => {
  const bytes = Buffer.alloc(65 * 1024 * 1024, 'xyz');
  assert.equal(await hashOf(new Blob([bytes])), createHash('sha256').update(bytes).digest('hex'));
});

test('of many files a few are on their way at a time, and one that is refused stops no other', async () => {
  const running = [];
  let most = 0;
  const queue = makeQueue(
    (file, name) =>
      new Promise((resolve, reject) => {
        running.push(name);
        most = Math.max(most, running.length);
        setTimeout(() => {
          running.splice(running.indexOf(name), 1);
          if (name === '3') reject(new Refused('invalid', '3 is no clip'));
          else if (name === '4') reject(new Refused('same', '4 is 2'));
          else if (name === '5') reject(new Refused('passed_over', '5 is a note'));
          else resolve();
        });
      }),
    () => {},
  );
  queue.add(Array.from({ length: 12 }, (_, k) => ({ file: FILE, name: String(k) })));
  queue.add([{ file: FILE, name: '7' }]);
  const last = queue.items().at(-1);
  queue.remove(last);
  while (queue.isBusy()) await new Promise((resolve) => setTimeout(resolve, 1));
  assert.equal(most, LANES);
  const states = queue.items().map(({ state }) => state);
  assert.deepEqual(states.slice(3, 6), ['refused', 'same', 'passed']);
  assert.equal(states.filter((state) => state === 'sent').length, 8);
  assert.equal(last.state, 'removed');
  assert.equal(queue.items()[3].reason, '3 is no clip');
});

test('one folder is the folder of clips; several say where their clips lie', () => {
  const names = (files) =>
    filesOfChoice(files.map((name) => ({ name, webkitRelativePath: name }))).map(({ name }) => name);
  assert.deepEqual(names(['faces/clip10.mp4', 'faces/clip2.mp4', 'faces/sad/a.mp4']), [
    'clip2.mp4',
    'clip10.mp4',
    'sad/a.mp4',
  ]);
  assert.deepEqual(names(['happy/a.mp4', 'sad/a.mp4']), ['happy/a.mp4', 'sad/a.mp4']);
  assert.deepEqual(names(['a.mp4']), ['a.mp4']);
  assert.deepEqual(
    belowFolder([{ name: 'x/a' }, { name: 'b' }]).map(({ name }) => name),
    ['b', 'x/a'],
  );
});
