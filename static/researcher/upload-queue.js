// @ts-check
/** The files of a drop, a few of them on their way at a time. */

import { Refused } from './tus-upload.js';

// The browser opens six connections to a server; the page itself and its pictures need some.
export const LANES = 3;

/**
 * @typedef {'waiting' | 'sending' | 'sent' | 'same' | 'passed' | 'refused' | 'removed'} State
 * @typedef {{key: string, name: string, file: Blob, replaces?: string, state: State, sent: number, trouble: string | null,
 *   reason: string | null, abort: AbortController}} Item
 * @typedef {Pick<import('./tus-upload.js').How, 'onSent' | 'onTrouble' | 'signal' | 'replaces'>} Hears
 */

/** @type {Record<string, State>} what a refusal means, by its code */
const MEANS = { same: 'same', passed_over: 'passed' };

/**
 * @param {(file: Blob, name: string, hears: Hears) => Promise<void>} send
 * @param {() => void} onChange
 */
export function makeQueue(send, onChange) {
  /** @type {Item[]} */
  let items = [];
  let running = 0;
  let made = 0;

  /** @param {{file: Blob, name: string, replaces?: string}[]} files */
  function add(files) {
    const under = items.filter(isUnderWay);
    const names = new Set(under.map(({ name }) => name));
    // What became of earlier files has been read by whoever chooses more of them, or tries one again.
    const again = new Set(files.map(({ name }) => name));
    items = under.length ? items.filter((item) => isUnderWay(item) || !again.has(item.name)) : [];
    for (const { file, name, replaces } of files) {
      if (!names.has(name)) items.push({ ...itemOf(file, name), replaces });
    }
    onChange();
    fill();
  }

  /** @param {Blob} file @param {string} name @returns {Item} */
  function itemOf(file, name) {
    made += 1;
    const abort = new AbortController();
    return { key: String(made), name, file, state: 'waiting', sent: 0, trouble: null, reason: null, abort };
  }

  /** Name what could not even be read. @param {string} reason */
  function refuse(reason) {
    items.push({ ...itemOf(new Blob(), ''), state: 'refused', reason });
    onChange();
  }

  function fill() {
    while (running < LANES) {
      const next = items.find(({ state }) => state === 'waiting');
      if (!next) return;
      run(next);
    }
  }

  /** @param {Item} item */
  async function run(item) {
    running += 1;
    item.state = 'sending';
    onChange();
    try {
      await send(item.file, item.name, {
        signal: item.abort.signal,
        replaces: item.replaces,
        onSent: (sent) => {
          item.sent = sent;
          onChange();
        },
        onTrouble: (trouble) => {
          item.trouble = trouble;
          onChange();
        },
      });
      item.state = 'sent';
    } catch (error) {
      if (item.abort.signal.aborted) item.state = 'removed';
      else {
        item.state = (error instanceof Refused && MEANS[error.code]) || 'refused';
        item.reason = error instanceof Error ? error.message : String(error);
      }
    }
    item.trouble = null;
    running -= 1;
    onChange();
    fill();
  }

  /** Give up a file, or take it off the list. @param {Item} item */
  function remove(item) {
    item.abort.abort();
    if (item.state !== 'sending') item.state = 'removed';
    onChange();
  }

  return { items: () => items, add, refuse, remove, isBusy: () => items.some(isUnderWay) };
}

/** @param {Item} item */
export const isUnderWay = ({ state }) => state === 'waiting' || state === 'sending';
