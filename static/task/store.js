// @ts-check
/**
 * What this browser keeps until the server has it: finished arrangements on their way, and the latest draft of a trial.
 *
 * Everything lives in memory and is mirrored to IndexedDB, so that a browser that has none (some private windows), or
 * whose disk is full, still works; `persistent` then says false, and the page warns. One that is slow, as on a machine
 * under load, is not waited for, but used as soon as it answers.
 */
import { openDB } from '../vendor/idb/index.js';

const NAME = 'asterism';
const VERSION = 1;
/** ms for which the page waits for the browser's storage. */
const PATIENCE = 4_000;
const LATE = new Error('no answer from the storage yet');

/**
 * @typedef {{id: string, session: string | null, token: string, key: string, body: string, sha256: string, order: number,
 *   setAside: boolean, refused: {status: number, code: string, message: string, field?: string} | null}} Entry  a finished
 *   arrangement, or the answers to a sheet of questions;
 *   `body` is sent as it is, `setAside` means that the participant went on past its refusal
 * @typedef {{id: string, body: string, over: string}} LocalDraft  `id`: the trial's key, or a sheet of
 *   questions; `body`: the placements and what was watched, or what was typed; `over`: what the server held when they were made
 */

/** @typedef {import('idb').IDBPDatabase} Database */

/** @param {() => Promise<Database>} open @param {number} patience ms */
export async function openStore(open = openDatabase, patience = PATIENCE) {
  /** @type {Database | null} */
  let database = null;
  /** Changes that were not stored in time, and may yet be. */
  let overdue = 0;
  /** @type {Map<string, Entry>} */
  const entries = new Map();
  /** @type {Map<string, LocalDraft>} */
  const drafts = new Map();

  async function opening() {
    const opened = await open();
    const [kept, typed] = await Promise.all([opened.getAll('entries'), opened.getAll('drafts')]);
    return { opened, kept, typed };
  }
  const answer = opening();
  try {
    const { opened, kept, typed } = await inTime(answer, patience);
    for (const entry of kept) entries.set(entry.id, entry);
    for (const draft of typed) drafts.set(draft.id, draft);
    database = opened;
  } catch (error) {
    console.warn('No lasting storage in this browser:', error);
    if (error === LATE) answer.then(({ opened }) => keepIn(opened)).catch(() => {});
  }

  /**
   * The storage has opened after all: what this page holds goes there. What an earlier page left there waits for the next
   * one, because meanwhile the participant may have done it again here.
   * @param {Database} opened
   */
  async function keepIn(opened) {
    database = opened;
    for (const entry of entries.values()) mirror((db) => written(db, 'entries', (table) => table.put(entry)));
    for (const draft of drafts.values()) mirror((db) => written(db, 'drafts', (table) => table.put(draft)));
  }

  /**
   * Mirrors one change. Failing to is no loss yet: the page keeps what it has in memory, and says so.
   * @param {(db: Database) => Promise<unknown>} change
   */
  async function mirror(change) {
    if (!database) return;
    const stored = change(database);
    try {
      // While one is overdue, no other is waited for.
      await inTime(stored, overdue ? 0 : patience);
    } catch (error) {
      if (error !== LATE) return stopped(error);
      overdue += 1;
      stored.then(() => (overdue -= 1)).catch(stopped);
    }
  }

  /** @param {unknown} error */
  function stopped(error) {
    console.warn('This browser has stopped storing:', error);
    database = null;
  }

  return {
    get persistent() {
      return database !== null && overdue === 0;
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
 * @param {number} ms
 * @returns {Promise<T>} rejected with LATE after so long
 */
function inTime(promise, ms) {
  let timer = 0;
  /** @type {Promise<never>} */
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(LATE), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
