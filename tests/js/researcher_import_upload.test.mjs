/** A file of models on its way to the server in pieces. */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sendInPieces } from '../../static/researcher/import-upload.js';

const PIECE = 4;
const FILE = new Blob(['0123456789']);
const said = (status, body) => new Response(JSON.stringify(body), { status });

/** A server that keeps one file; `trouble(number of the PUT, when)` may answer or throw before or after a piece is taken. */
function server(trouble) {
  let kept = '';
  let puts = 0;
  async function answer(address, { method, body }) {
    if (method === 'POST') return said(201, { id: 'b1', files: ['/api/v1/imports/b1/files/0'], piece: PIECE });
    puts += 1;
    const before = trouble(puts, 'before');
    if (before) return before;
    const offset = Number(new URL(address, 'http://x').searchParams.get('offset'));
    if (offset !== kept.length) return said(409, { error: { code: 'offset', message: 'it begins elsewhere' } });
    kept += await body.text();
    return trouble(puts, 'after') ?? said(200, { here: kept.length });
  }
  return { answer, kept: () => kept, puts: () => puts };
}

function how(answer) {
  const told = { sent: [], pauses: [] };
  const wait = async (failures) => void told.pauses.push(failures);
  return { told, all: { token: 't', fetch: answer, onSent: (sent) => told.sent.push(sent), wait } };
}
const lost = () => {
  throw new TypeError('network');
};

test('a file arrives whole, also when requests and answers are lost', async () => {
  for (const when of ['before', 'after']) {
    const { answer, kept } = server((turn, now) => (turn === 2 && now === when ? lost() : null));
    const { told, all } = how(answer);
    assert.equal(await sendInPieces(FILE, 'net.npz', all), 'b1');
    assert.equal(kept(), '0123456789');
    assert.deepEqual(told.pauses, [1]);
    assert.equal(told.sent.at(-1), 10);
  }
});

test('what the server refuses is not tried again, and trouble ends in the end', async () => {
  const refusing = server(() => said(400, { error: { message: 'too large' } }));
  await assert.rejects(sendInPieces(FILE, 'net.npz', how(refusing.answer).all), /too large/);
  assert.equal(refusing.puts(), 1);
  const broken = server(() => said(503, null));
  const { told, all } = how(broken.answer);
  await assert.rejects(sendInPieces(FILE, 'net.npz', all), /answered 503/);
  assert.deepEqual(told.pauses, [1, 2, 3, 4, 5]);
});
