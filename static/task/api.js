// @ts-check
/**
 * The participant API, one function a call. It distinguishes what can be sent again later from what was refused.
 *
 * @typedef {import('./session.js').SessionView} SessionView
 * @typedef {{trial_key: string, sha256: string}} Ack
 */

import { pauseBefore } from './backoff.js';

const TIMEOUT = 20_000;
const TRY_LATER = new Set([408, 425, 429]);

/** A call that got no usable answer. `refused`: the server said no, and asking again would not help. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {{refused?: boolean, status?: number, code?: string, field?: string, retryAfter?: number,
   *   next?: object | null}} about  field: which part of the body it is about; retryAfter in ms
   */
  constructor(message, { refused = false, status = 0, code = 'unreachable', field, retryAfter = 0, next = null } = {}) {
    super(message);
    this.field = field;
    this.refused = refused;
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
    this.next = next;
  }
}

/** True for an answer that settles the matter: 4xx other than 408, 425 and 429. @param {number} status */
function isRefusal(status) {
  return status >= 400 && status < 500 && !TRY_LATER.has(status);
}

/**
 * @param {{token: string, tab: string, fetch?: typeof globalThis.fetch, timeout?: number}} options
 *   timeout in ms, after which a call counts as unanswered
 */
export function createApi({ token, tab, fetch = (...args) => globalThis.fetch(...args), timeout = TIMEOUT }) {
  const headers = { Authorization: `Bearer ${token}`, 'X-Tab': tab };

  /**
   * @param {string} method
   * @param {string} path
   * @param {string | Uint8Array<ArrayBuffer>} [body]
   * @param {{keepalive?: boolean}} [options]
   * @returns {Promise<any>}
   */
  async function call(method, path, body, { keepalive = false } = {}) {
    let response;
    let answer;
    try {
      response = await fetch(`/api/v1/session${path}`, {
        method,
        body,
        keepalive,
        headers: body === undefined ? headers : { ...headers, 'Content-Type': 'application/json' },
        signal: AbortSignal.timeout(timeout),
        cache: 'no-store',
        credentials: 'omit',
        // A hotel's sign-in page answers for the server by redirecting; it must never pass for an answer of ours.
        redirect: 'error',
      });
      answer = await jsonOf(response);
    } catch (error) {
      throw new ApiError(`${method} ${path}: ${error instanceof Error ? error.message : error}`);
    }
    if (response.ok && answer !== null && typeof answer === 'object') return answer;
    throw new ApiError(answer?.error?.message ?? `${method} ${path}: ${response.status}`, {
      refused: isRefusal(response.status),
      status: response.status,
      code: answer?.error?.code ?? `http_${response.status}`,
      field: answer?.error?.field ?? undefined,
      retryAfter: secondsOf(response.headers.get('Retry-After')) * 1000,
      next: answer?.next ?? null,
    });
  }

  /** @param {string} key */
  const trial = (key) => `/trials/${encodeURIComponent(key)}`;
  return {
    /** @returns {Promise<SessionView & {draft_coming?: boolean}>} draft_coming: another device sends its last one now */
    lease: () => call('POST', '/lease'),
    /** @returns {Promise<SessionView>} */
    view: () => call('GET', ''),
    /** @returns {Promise<SessionView>} */
    start: () => call('POST', '/start'),
    /** @returns {Promise<SessionView>} */
    withdraw: () => call('DELETE', ''),
    /** What only a pilot's page asks for. @param {string} path @returns {Promise<SessionView>} */
    pilot: (path) => call('POST', `/pilot${path}`),
    /** @param {string} kind @param {object} detail @returns {Promise<object>} */
    event: (kind, detail = {}) => call('POST', '/events', JSON.stringify({ kind, detail })),
    /** @param {string} key @param {Uint8Array<ArrayBuffer>} body @returns {Promise<{ack?: Ack, next?: SessionView}>} */
    submit: (key, body) => call('PUT', trial(key), body),
    /**
     * The answers to a sheet of questions; the ack repeats the sheet where a trial's repeats its key.
     * @param {string} key @param {string} sheet @param {Uint8Array<ArrayBuffer>} body
     * @returns {Promise<{ack?: Ack, next?: SessionView}>}
     */
    async answers(key, sheet, body) {
      const { ack, next } = await call('PUT', `/answers/${encodeURIComponent(sheet)}`, body);
      return { ack: ack?.sheet === sheet ? { trial_key: key, sha256: ack.sha256 } : undefined, next };
    },
    /**
     * How a clip was rated; the ack repeats the clip's key.
     * @param {string} key @param {string} rating @param {Uint8Array<ArrayBuffer>} body
     * @returns {Promise<{ack?: Ack, next?: SessionView}>}
     */
    async rating(key, rating, body) {
      const { ack, next } = await call('PUT', `/ratings/${encodeURIComponent(rating)}`, body);
      return { ack: ack?.rating_key === rating ? { trial_key: key, sha256: ack.sha256 } : undefined, next };
    },
    /**
     * @param {string} key
     * @param {string} body
     * @param {{keepalive?: boolean}} [options]
     * @returns {Promise<{saved: boolean}>} saved: false where the server keeps no draft, as of a practice round
     */
    draft: (key, body, options) => call('PUT', `${trial(key)}/draft`, body, options),
  };
}

/**
 * Repeats a call, with growing pauses, until the server answers.
 * @template T
 * @param {() => Promise<T>} call
 * @param {() => boolean} wanted  false ends it
 * @param {(error: ApiError) => void} onTrouble  after every attempt that failed
 * @returns {Promise<T | null>} null when it is no longer wanted
 * @throws {ApiError} when the call is refused
 */
export async function untilAnswered(call, wanted, onTrouble) {
  for (let attempt = 1; wanted(); attempt += 1) {
    try {
      const answer = await call();
      return wanted() ? answer : null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.refused) throw error;
      onTrouble(error);
      await new Promise((resolve) => setTimeout(resolve, pauseBefore(attempt, error.retryAfter)));
    }
  }
  return null;
}

/**
 * The parsed body, or null where it is not JSON. A body that breaks off raises, as a lost connection does.
 * @param {Response} response
 */
async function jsonOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {string | null} header */
function secondsOf(header) {
  const seconds = Number(header);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0;
}
