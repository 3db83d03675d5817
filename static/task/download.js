// @ts-check
/** Downloads one file, and gives up on a connection that stalls: one that stays open and brings nothing, or next to it. */

/** A download that brings fewer bytes than this in this many ms stalls; no clip could be watched at that speed. */
const WINDOW = 7_000;
const MIN_BYTES = 16 * 1024;

/** @typedef {Error & {stalled?: boolean}} DownloadError `stalled`: the connection stood open in vain */

/**
 * @param {string} url
 * @param {{fetch: typeof globalThis.fetch, window?: number, onBytes?: () => void}} parts  window: ms; onBytes: bytes keep coming
 * @returns {Promise<Blob>}
 * @throws {DownloadError}
 */
export async function download(url, { fetch, window = WINDOW, onBytes = () => {} }) {
  const end = new AbortController();
  let inWindow = 0;
  const watch = setInterval(() => {
    if (inWindow < MIN_BYTES) end.abort(Object.assign(new Error('the download stalled'), { stalled: true }));
    inWindow = 0;
  }, window);
  try {
    const response = await orAborted(fetch(url, { signal: end.signal, credentials: 'omit' }), end.signal);
    if (!response.ok) throw new Error(`status ${response.status}`);
    if (!response.body) throw new Error('an answer without a body');
    const reader = response.body.getReader();
    const parts = [];
    for (;;) {
      const { done, value } = await orAborted(reader.read(), end.signal);
      if (done) break;
      parts.push(value);
      inWindow += value.byteLength;
      if (inWindow >= MIN_BYTES) onBytes();
    }
    onBytes();
    return new Blob(parts, { type: response.headers.get('Content-Type') ?? '' });
  } finally {
    clearInterval(watch);
  }
}

/**
 * The promise, or the reason of the abort: not every browser rejects a read with it.
 * @template T
 * @param {Promise<T>} promise
 * @param {AbortSignal} signal
 * @returns {Promise<T>}
 */
function orAborted(promise, signal) {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
