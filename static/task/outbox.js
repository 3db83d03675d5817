// @ts-check
/**
 * The ordered queue of finished arrangements. One leaves the queue only when the server has acked it: repeated its trial
 * key and the SHA-256 of the very bytes that were sent. Anything else that comes back, and silence, means: try again
 * later.
 *
 * @typedef {import('./store.js').Entry} Entry
 */
import { ApiError } from './api.js';
import { randomId, sha256Hex } from './digest.js';
import { pauseBefore } from './backoff.js';

/** Bytes that the server accepts in one body. */
export const BODY_LIMIT = 512 * 1024;

/**
 * @param {{
 *   store: Awaited<ReturnType<typeof import('./store.js').openStore>>,
 *   token: string,
 *   session: () => string | null,
 *   submit: ReturnType<typeof import('./api.js').createApi>['submit'],
 *   onChange?: () => void,
 *   onAcked?: (entry: Entry, next: import('./session.js').SessionView) => void,
 *   wait?: (ms: number) => {promise: Promise<void>, now: () => void},
 *   random?: () => number,
 * }} parts  session: its public id, null until it is known; it groups the entries, because one session may be opened with
 *   several tokens (each opening of the recruiter's link makes one)
 */
export function createOutbox(parts) {
  const { store, token, session, submit, onChange = () => {}, onAcked = () => {}, wait = timer, random } = parts;
  let running = false;
  /** @type {'server' | 'connection' | null} */
  let problem = null;
  let hurry = () => {};

  const mine = () => store.entries().filter((entry) => entry.session === session() && !entry.setAside);

  async function run() {
    if (running) return;
    running = true;
    let attempt = 0;
    // One entry at a time, oldest first; the loop ends with the queue, or at a refusal that the participant must see.
    for (let entry = mine()[0]; entry && !entry.refused; entry = mine()[0]) {
      onChange();
      try {
        const next = await send(entry);
        attempt = 0;
        problem = null;
        await store.remove(entry.id);
        onAcked(entry, next);
      } catch (error) {
        if (!(error instanceof ApiError)) {
          running = false;
          throw error;
        }
        if (error.refused) {
          problem = null;
          // It may be gone meanwhile: the server accepts nothing more from a participant who has withdrawn.
          if (mine()[0]?.id !== entry.id) continue;
          await store.put({ ...entry, refused: refusalOf(error) });
          break;
        }
        attempt += 1;
        problem = error.status ? 'server' : 'connection';
        onChange();
        const pause = wait(pauseBefore(attempt, error.retryAfter, random));
        hurry = pause.now;
        await pause.promise;
        hurry = () => {};
      }
    }
    running = false;
    onChange();
  }

  /** @param {Entry} entry */
  async function send(entry) {
    const bytes = new TextEncoder().encode(entry.body);
    if (bytes.length > BODY_LIMIT) {
      throw new ApiError('The arrangement is too large to be sent.', { refused: true, status: 413, code: 'too_large' });
    }
    const answer = await submit(entry.key, bytes);
    if (answer.ack?.trial_key !== entry.key || answer.ack?.sha256 !== entry.sha256 || !answer.next) {
      throw new ApiError('The answer does not confirm this arrangement.', { status: 200, code: 'not_acked' });
    }
    return answer.next;
  }

  return {
    /**
     * Queues a finished arrangement; resolves once it is kept, and sending has begun.
     * @param {string} key
     * @param {string} body
     */
    async add(key, body) {
      const sha256 = sha256Hex(new TextEncoder().encode(body));
      const order = 1 + Math.max(0, ...store.entries().map((entry) => entry.order));
      const id = randomId();
      /** @type {Entry} */
      const entry = { id, session: session(), token, key, body, sha256, order, refused: null, setAside: false };
      const kept = store.put(entry);
      onChange(); // It waits from this moment on, not only when the browser's storage has answered.
      await kept;
      run();
    },
    /** Sends what an earlier page left behind. */
    start: run,
    /** Does not wait for the end of the pause. */
    retryNow: () => hurry(),
    /** Its state: entries on their way, why the first is not through yet, and the one that was refused. */
    state: () => {
      const queue = mine();
      const refused = queue[0]?.refused ? queue[0] : null;
      return { waiting: queue.length, problem: queue.length ? problem : null, refused };
    },
    /** Tries a refused entry again, as after a mistake of a proxy on the way. */
    async tryAgain() {
      const [entry] = mine();
      if (entry?.refused) await store.put({ ...entry, refused: null });
      run();
    },
    /** Lets the queue go on past a refused entry, which stays in this browser's storage. */
    async setAside() {
      const [entry] = mine();
      if (entry?.refused) await store.put({ ...entry, setAside: true });
      run();
    },
    /** Drops a refused entry, where there is nothing to be kept of it. */
    async drop() {
      const [entry] = mine();
      if (entry?.refused) await store.remove(entry.id);
      run();
    },
    /** Forgets everything of this session: the participant has withdrawn. */
    async clear() {
      for (const entry of store.entries()) if (entry.session === session()) await store.remove(entry.id);
    },
  };
}

/** @param {ApiError} error */
function refusalOf({ status, code, message, field }) {
  return { status, code, message, field };
}

/** @param {number} ms */
function timer(ms) {
  let now = () => {};
  /** @type {Promise<void>} */
  const promise = new Promise((resolve) => {
    const id = setTimeout(resolve, ms);
    now = () => {
      clearTimeout(id);
      resolve();
    };
  });
  return { promise, now: () => now() };
}
