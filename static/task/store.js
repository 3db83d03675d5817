// @ts-check
/**
 * What this browser keeps until the server has it: finished arrangements on their way, and the latest draft of a trial.
 *
 * Everything lives in memory and is mirrored to IndexedDB, so that a browser that has none (some private windows), or
 * whose disk is full, still works; `persistent` then says false, and the page warns.
 */
import { openDB } from '../vendor/idb/index.js';

const NAME = 'asterism';
const VERSION = 1;
const PATIENCE = 4_000;

/**
 * @typedef {{id: string, session: string | null, token: string, key: string, body: string, sha256: string, order: number,
 *   setAside: boolean, refused: {status: number, code: string, message: string, field?: string} | null}} Entry  a finished
 *   arrangement, or the answers to a sheet of questions;
 *   `body` is sent as it is, `setAside` means that the participant went on past its refusal
 * @typedef {{id: string, body: string, over: string}} LocalDraft  `id`: the trial's key, or a sheet of
 *   questions; `body`: the placements and what was watched, or what was typed; `over`: what the server held when they were made
 */

/** @typedef {import('idb').IDBPDatabase} Database */

/** @param {() => Promise<Database>} open */
export async function openStore(open = openDatabase) {
  /** @type {Database | null} */
  let database = null;
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  /** @type {Map<string, LocalDraft>} */
  const drafts = new Map();
  try {
    const opened = await soon(open());
    for (const entry of await soon(opened.getAll('entries'))) entries.set(entry.id, entry);
    for (const draft of await soon(opened.getAll('drafts'))) drafts.set(draft.id, draft);
    database = opened;
  } catch (error) {
    console.warn('No lasting storage in this browser:', error);
  }

  /**
   * Mirrors one change. Failing to is no loss yet: the page keeps what it has in memory, and says so.
   * @param {(db: Database) => Promise<unknown>} change
   */
  async function mirror(change) {
    if (!database) return;
    try {
      await soon(change(database));
    } catch (error) {
      console.warn('This browser has stopped storing:', error);
      database = null;
    }
  }

  return {
    get persistent() {
      return database !== null;
    },
    /** In the order in which they were finished. */
    entries: () => [...entries.values()].sort((a, b) => a.order - b.order),
    /** @param {Entry} entry */
    async put(entry) {
      entries.set(entry.id, entry);
      await mirror((db) => written(db, 'entries', (table) => table.put(entry)));
    },
    /** @param {string} id */
    async remove(id) {
      entries.delete(id);
      await mirror((db) => written(db, 'entries', (table) => table.delete(id)));
    },
    /** @param {string} id @returns {LocalDraft | null} */
    draft: (id) => drafts.get(id) ?? null,
    /** @param {LocalDraft} draft */
    async putDraft(draft) {
      drafts.set(draft.id, draft);
      await mirror((db) => written(db, 'drafts', (table) => table.put(draft)));
    },
    /** @param {string} id */
    async dropDraft(id) {
      drafts.delete(id);
      await mirror((db) => written(db, 'drafts', (table) => table.delete(id)));
    },
  };
}

/**
 * One change in a transaction of its own. It is committed at once: without that the browser waits for this page to hear of
 * the request's success first, and drops the change if the page is reloaded or closed in that moment.
 * @param {Database} database
 * @param {'entries' | 'drafts'} name
 * @param {(table: import('idb').IDBPObjectStore<any, any, any, 'readwrite'>) => Promise<unknown>} change
 */
async function written(database, name, change) {
  const transaction = database.transaction(name, 'readwrite');
  const changed = change(transaction.store);
  transaction.commit();
  await Promise.all([changed, transaction.done]);
}

function openDatabase() {
  return openDB(NAME, VERSION, {
    upgrade(/** @type {Database} */ database) {
      database.createObjectStore('entries', { keyPath: 'id' });
      database.createObjectStore('drafts', { keyPath: 'id' });
    },
  });
}

/**
 * IndexedDB can hang without an error; a participant must not hang with it.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
function soon(promise) {
  let timer = 0;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('no answer from the storage')), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
