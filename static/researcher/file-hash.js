// @ts-check
/** SHA-256 of a file, also on plain http and of files that do not fit into memory. */

import { sha256 } from '../vendor/noble-hashes/sha2.js';

// Up to here the browser itself computes it, in one go and off the page's own thread.
const WHOLE = 64 * 1024 * 1024;
const PIECE = 2 * 1024 * 1024;

/**
 * @param {Blob} file
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} 64 hex digits
 */
export async function hashOf(file, signal) {
  if (globalThis.crypto?.subtle && file.size <= WHOLE) {
    return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer())));
  }
  const hash = sha256.create();
  for (let at = 0; at < file.size; at += PIECE) {
    signal?.throwIfAborted();
    hash.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
  }
  return hex(hash.digest());
}

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
