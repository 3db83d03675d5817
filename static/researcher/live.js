// @ts-check
/** Keeping a page up to date: ask again and again while it is looked at, and say in words how that goes. */

import { part } from './elements.js';

const MAX_PAUSE = 60_000;

/** An answer that is not what was asked for. */
export class RequestError extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * Load JSON.
 * @param {string} url
 * @returns {Promise<any>}
 * @throws {RequestError} with the server's sentence when it refuses; TypeError when it cannot be reached
 */
export async function load(url) {
  const answer = await fetch(url, { headers: { Accept: 'application/json' } });
  if (answer.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  const body = await answer.json().catch(() => null);
  if (!answer.ok || body === null) {
    throw new RequestError(answer.status, body?.error?.message ?? `The server answered ${answer.status}.`);
  }
  return body;
}

/**
 * Call `refresh` now, and again each `pause` ms while the page is visible. After a failure the pauses grow, the page says
 * so, and the next success puts it right.
 * @param {() => Promise<void>} refresh
 * @param {number} pause
 */
export function keepFresh(refresh, pause) {
  const words = part('live');
  let failures = 0;
  let timer = 0;
  async function turn() {
    clearTimeout(timer);
    try {
      await refresh();
      failures = 0;
      words.textContent = 'Live';
      words.classList.remove('bad');
    } catch (error) {
      failures += 1;
      words.textContent = error instanceof RequestError ? error.message : 'No connection. Trying again …';
      words.classList.add('bad');
    }
    if (!document.hidden) timer = setTimeout(turn, Math.min(pause * 2 ** failures, MAX_PAUSE));
  }
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) turn();
  });
  return turn();
}
