// @ts-check
/** SHA-256 that also works on plain http, where the browser keeps `crypto.subtle` to itself. */
import { sha256 } from '../vendor/noble-hashes/sha2.js';

/**
 * @param {Uint8Array} bytes
 * @returns {string} 64 hex digits
 */
export function sha256Hex(bytes) {
  return Array.from(sha256(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** 32 hex digits of chance. */
export function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
