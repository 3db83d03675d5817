// @ts-check
/** One file on its way to the server, by the tus protocol: announced, sent piece by piece, gone on with after trouble. */

/** A refusal in the server's words, which trying again would not change. */
export class Refused extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** What may be over in a moment: no network, a busy server, a login that ended. */
class Trouble extends Error {}

const LATER = new Set([401, 408, 423, 425, 429]);
// Of a conflict: the server knows better how much is here, or another page sends the same file.
const AGAIN = new Set(['offset', 'busy', 'damaged']);
const MAX_DAMAGED = 2;

/**
 * @typedef {object} How
 * @property {string} address of the study's uploads
 * @property {string} token of the page, against forged requests
 * @property {string} [replaces] the id of the clip that gets this file in place of its own
 * @property {boolean} [forTexts] whether the study's texts are to show it; else it becomes a clip
 * @property {(file: Blob, signal?: AbortSignal) => Promise<string>} hash
 * @property {(sent: number) => void} onSent bytes that the server has
 * @property {(trouble: string | null) => void} onTrouble why it waits; null when it goes on
 * @property {(failures: number) => Promise<void>} wait before the next attempt
 * @property {AbortSignal} signal
 * @property {typeof fetch} [fetch]
 */

/**
 * Send a file to its end.
 * @param {Blob} file
 * @param {string} name its path below the folder that was dropped
 * @param {How} how
 * @throws {Refused} when it cannot become a clip; the signal's reason when it was given up
 */
export async function send(file, name, how) {
  const sha256 = await read(() => how.hash(file, how.signal), how.signal);
  let failures = 0;
  let damaged = 0;
  let begun = false;
  for (;;) {
    try {
      const upload = await begin(file, name, sha256, how);
      begun = true;
      let { here } = upload;
      do {
        how.onSent(here);
        const from = here;
        const piece = await read(() => file.slice(from, from + upload.chunk).arrayBuffer(), how.signal);
        here = await add(upload.location, from, piece, how);
        failures = 0;
        how.onTrouble(null);
      } while (here < file.size);
      how.onSent(here);
      return;
    } catch (error) {
      how.signal.throwIfAborted();
      if (error instanceof Refused) {
        // The answer to the last piece was lost: the file is the clip that it was to become.
        if (begun && error.code === 'same') return;
        damaged += error.code === 'damaged' ? 1 : 0;
        if (!AGAIN.has(error.code) || damaged >= MAX_DAMAGED) throw error;
      }
      failures += 1;
      how.onTrouble(error instanceof Trouble ? error.message : null);
      await how.wait(failures);
      how.signal.throwIfAborted();
    }
  }
}

/** @param {Blob} file @param {string} name @param {string} sha256 @param {How} how */
async function begin(file, name, sha256, how) {
  const answer = await ask(how, how.address, 'POST', {
    'Upload-Length': String(file.size),
    'Upload-Metadata':
      `filename ${base64(name)},sha256 ${base64(sha256)}` +
      (how.replaces ? `,replaces ${base64(how.replaces)}` : '') +
      (how.forTexts ? `,texts ${base64('1')}` : ''),
  });
  const { here, chunk } = await answer.json();
  return { location: answer.headers.get('Location') ?? '', here: Number(here), chunk: Number(chunk) };
}

/** @param {string} location @param {number} from @param {ArrayBuffer} piece @param {How} how */
async function add(location, from, piece, how) {
  const headers = { 'Upload-Offset': String(from), 'Content-Type': 'application/offset+octet-stream' };
  const answer = await ask(how, location, 'PATCH', headers, piece);
  const here = Number(answer.headers.get('Upload-Offset') ?? NaN);
  // Such as the sign-in page of a network, which answers for everybody.
  if (!Number.isFinite(here) || here < from) throw new Trouble('Something else answers in place of the server.');
  return here;
}

/**
 * @param {How} how @param {string} url @param {string} method @param {Record<string, string>} headers
 * @param {ArrayBuffer} [body]
 */
async function ask(how, url, method, headers, body) {
  const all = { Accept: 'application/json', 'Tus-Resumable': '1.0.0', 'X-CSRFToken': how.token, ...headers };
  let answer;
  try {
    answer = await (how.fetch ?? fetch)(url, { method, headers: all, body, signal: how.signal });
  } catch {
    throw new Trouble('No connection. It goes on by itself.');
  }
  if (answer.ok && answer.headers.get('Tus-Resumable') === '1.0.0') return answer;
  if (answer.ok) throw new Trouble('Something else answers in place of the server.');
  const { code = '', message = '' } = (await answer.json().catch(() => null))?.error ?? {};
  if (answer.status === 401) throw new Trouble('You are logged out. Log in in another tab, and it goes on.');
  if (LATER.has(answer.status) || answer.status >= 500) {
    throw new Trouble(message || `The server answered ${answer.status}. It goes on by itself.`);
  }
  throw new Refused(code, message || `${answer.status}: the server refused it.`);
}

/**
 * Read from the file.
 * @template T
 * @param {() => Promise<T>} part @param {AbortSignal} signal
 * @throws {Refused} when it was changed or removed in the meantime
 */
async function read(part, signal) {
  try {
    return await part();
  } catch {
    signal.throwIfAborted();
    throw new Refused('unreadable', 'The file cannot be read. If it was changed or moved, choose it again.');
  }
}

/** @param {string} text in UTF-8 */
function base64(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}
