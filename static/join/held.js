// @ts-check
/**
 * Which sessions began or went on in this browser: their tokens, kept by study. A recruiter's link that is opened again
 * here shows by them that the same person holds it.
 */

const MAX_TOKENS = 5;

/** @param {string} study @returns {string[]} newest first; none where the browser keeps nothing */
export function heldTokens(study) {
  try {
    const held = JSON.parse(localStorage.getItem(key(study)) ?? '[]');
    return Array.isArray(held) ? held.filter((token) => typeof token === 'string') : [];
  } catch {
    return [];
  }
}

/** @param {string} study @param {string} token */
export function hold(study, token) {
  const held = [token, ...heldTokens(study).filter((other) => other !== token)].slice(0, MAX_TOKENS);
  try {
    localStorage.setItem(key(study), JSON.stringify(held));
  } catch {
    // A browser that keeps nothing: whoever opens the link again is then somebody who only knows an id.
  }
}

/** @param {string} study */
function key(study) {
  return `asterism-held:${study}`;
}
