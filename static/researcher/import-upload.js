// @ts-check
/** A large file on its way to the server in pieces, as /api/v1/imports takes them; gone on with after trouble. */

import { RequestError } from './live.js';

/** Failures of one piece after which nobody waits any longer. */
const MAX_FAILURES = 6;

/**
 * @typedef {object} How
 * @property {string} token of the page, against forged requests
 * @property {(sent: number) => void} onSent bytes that the server has
 * @property {(failures: number) => Promise<void>} wait before the next attempt
 * @property {typeof fetch} [fetch]
 */

/**
 * Send a file, and return the id under which the server has it.
 * @param {Blob} file
 * @param {string} name
 * @param {How} how
 * @throws {RequestError} when the server refuses it; TypeError when it cannot be reached
 */
export async function sendInPieces(file, name, how) {
  /** @type {{id: string, files: string[], piece: number}} */
  const begun = await ask(how, 'POST', '/api/v1/imports', JSON.stringify({ names: [name] }));
  let here = 0;
  let failures = 0;
  do {
    how.onSent(here);
    const end = Math.min(here + begun.piece, file.size);
    try {
      here = (await ask(how, 'PUT', `${begun.files[0]}?offset=${here}`, file.slice(here, end))).here;
      failures = 0;
    } catch (error) {
      const status = error instanceof RequestError ? error.status : 0;
      // The piece had come, and only the answer was lost: the server waits for the next one.
      if (status === 409 && failures) here = end;
      else if ((status !== 0 && status < 500 && status !== 429) || ++failures >= MAX_FAILURES) throw error;
      else await how.wait(failures);
    }
  } while (here < file.size);
  how.onSent(here);
  return begun.id;
}

/**
 * @param {How} how @param {string} method @param {string} address @param {BodyInit} body
 * @returns {Promise<any>}
 */
async function ask(how, method, address, body) {
  const headers = { 'X-CSRFToken': how.token, Accept: 'application/json' };
  const answer = await (how.fetch ?? fetch)(address, { method, body, headers });
  const told = await answer.json().catch(() => null);
  if (!answer.ok)
    throw new RequestError(answer.status, told?.error?.message ?? `The server answered ${answer.status}.`);
  return told;
}
