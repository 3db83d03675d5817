// @ts-check
/**
 * The draft of the trial on the screen: kept in this browser at once, sent to the server every two seconds while it
 * changes. A local copy lives only as long as the server does not have it.
 */
import { ApiError } from './api.js';
import { pauseBefore } from './backoff.js';

/**
 * @typedef {import('./session.js').Placement} Placement
 * @typedef {{placements: Placement[], watched?: string[]}} Collected  the keys of a draft, and others of the result
 */

const EVERY = 2_000;
/** Browsers refuse a `keepalive` request whose body is larger than 64 KiB. */
const FAREWELL_LIMIT = 60_000;

/**
 * What to begin with: the server's placements, unless this browser holds newer ones that never reached it. Local ones are
 * newer only if the server still has what they were made over; otherwise another device has worked on since. What was
 * watched on either stays watched.
 * @param {import('./session.js').Draft | null} server
 * @param {import('./store.js').LocalDraft | null} local
 * @returns {import('./session.js').Draft | null}
 */
export function pickDraft(server, local) {
  if (!local) return server;
  const kept = draftIn(local);
  const watched = [...new Set([...(server?.watched ?? []), ...kept.watched])];
  if (local.over === fingerprint(server?.placements)) return { placements: kept.placements, watched };
  return { placements: server?.placements ?? [], watched };
}

/**
 * A page from before clips' watching was kept stored the placements alone.
 * @param {{body: string}} local
 * @returns {{placements: Placement[], watched: string[]}}
 */
function draftIn({ body }) {
  const kept = JSON.parse(body);
  return Array.isArray(kept) ? { placements: kept, watched: [] } : kept;
}

/**
 * Equal for equal placements, in whatever order they come; a missing draft and an empty one are the same.
 * @param {Placement[]} [placements]
 */
export function fingerprint(placements) {
  const rows = (placements ?? []).map(({ clip, x, y }) => [String(clip), x.toFixed(6), y.toFixed(6)].join(' '));
  return rows.sort().join('\n');
}

/**
 * @param {{
 *   store: Awaited<ReturnType<typeof import('./store.js').openStore>>,
 *   send: (key: string, body: string, options?: {keepalive?: boolean}) => Promise<{saved: boolean}>,
 *   onChange?: () => void,
 *   onRefused?: (error: ApiError) => void,
 * }} parts
 */
export function createDrafts({ store, send, onChange = () => {}, onRefused = () => {} }) {
  /** @type {{key: string, collect: () => Collected, over: string} | null} */
  let trial = null;
  let version = 0;
  let savedVersion = 0;
  let attempt = 0;
  /** @type {'server' | 'connection' | null} */
  let problem = null;
  /** @type {Promise<void> | null} */
  let sending = null;
  let timer = 0;

  /** @param {number} ms */
  function schedule(ms) {
    clearTimeout(timer);
    timer = setTimeout(save, ms);
  }

  async function keepLocally() {
    if (!trial) return;
    const { key, collect, over } = trial;
    const { placements, watched = [] } = collect();
    await store.putDraft({ id: key, body: JSON.stringify({ placements, watched }), over });
  }

  function save() {
    if (!trial || sending || version === savedVersion) return sending;
    sending = sendDraft(trial);
    return sending;
  }

  /** @param {NonNullable<typeof trial>} current */
  async function sendDraft(current) {
    const sentVersion = version;
    const result = current.collect();
    onChange();
    try {
      const { saved } = await send(current.key, JSON.stringify(result));
      problem = null;
      attempt = 0;
      // A practice round's draft is not kept on the server; then this browser's copy is the one for a reload.
      if (saved) current.over = fingerprint(result.placements);
      if (trial === current) {
        savedVersion = sentVersion;
        if (version !== savedVersion) await keepLocally();
        else if (saved) await store.dropDraft(current.key);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (trial === current) {
        attempt += 1;
        problem = error.status ? 'server' : 'connection';
        if (error.refused) onRefused(error);
      }
    } finally {
      sending = null;
      if (trial && version !== savedVersion) schedule(attempt ? pauseBefore(attempt) : EVERY);
      onChange();
    }
  }

  function changed() {
    if (!trial) return;
    version += 1;
    keepLocally();
    if (version === savedVersion + 1 && !sending) schedule(EVERY);
    onChange();
  }

  return {
    /**
     * What to show when `trial` begins.
     * @param {import('./session.js').Trial} trial
     */
    draftOf: ({ key, draft }) => pickDraft(draft, store.draft(key)),
    /**
     * @param {import('./session.js').Trial} next
     * @param {() => Collected} collect  the arena's result so far
     */
    begin(next, collect) {
      const unsent = store.draft(next.key);
      const over = fingerprint(next.draft?.placements);
      trial = { key: next.key, collect, over };
      version = 0;
      savedVersion = 0;
      attempt = 0;
      problem = null;
      if (!unsent) return;
      const known = new Set(next.draft?.watched);
      if (unsent.over === over || draftIn(unsent).watched.some((clip) => !known.has(clip))) changed();
      else store.dropDraft(unsent.id);
    },
    /** To be called at every change of the arena. */
    changed,
    /** Sends at once, as when the network is back. */
    now() {
      clearTimeout(timer);
      return save();
    },
    /** Sends what is unsent, also what changed while a draft was on its way; resolves when it is sent, or has failed. */
    async flush() {
      clearTimeout(timer);
      await sending;
      clearTimeout(timer);
      await save();
    },
    /** The page may be gone in a moment: one last request that outlives it. */
    farewell() {
      if (!trial || version === savedVersion) return;
      const result = trial.collect();
      const whole = JSON.stringify(result);
      const body = whole.length < FAREWELL_LIMIT ? whole : JSON.stringify({ ...result, moves: [], plays: [] });
      // Its failure needs no handling: the local copy is still there, and the next page sends it.
      send(trial.key, body, { keepalive: true }).catch(() => {});
    },
    /** The trial is no longer edited here. Its local copy stays until `forget`: for a crash, or the tab that goes on. */
    end() {
      clearTimeout(timer);
      trial = null;
      problem = null;
      version = savedVersion = 0;
    },
    /** @param {string} key */
    forget: (key) => store.dropDraft(key),
    state: () => ({ unsaved: trial !== null && version !== savedVersion, problem }),
  };
}
