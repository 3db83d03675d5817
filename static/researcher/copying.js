// @ts-check
/** The buttons that copy a link: `<button data-copy="id of an input">`, beside a `[data-copied]` that says so. */

import { byId, find, given } from '../page.js';

export function bindCopying() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('[data-copy]'))) {
    button.addEventListener('click', () => copy(byId(given(button.dataset.copy), HTMLInputElement)));
  }
}

/**
 * Copying needs a secure page; on plain http the text is selected, so that Ctrl+C does it.
 * @param {HTMLInputElement} input
 */
async function copy(input) {
  input.select();
  const said = find(document, `[data-copied="${input.id}"]`);
  try {
    await navigator.clipboard.writeText(input.value);
    said.textContent = 'Copied';
  } catch {
    said.textContent = document.execCommand('copy') ? 'Copied' : 'Press Ctrl+C to copy';
  }
  setTimeout(() => {
    said.textContent = '';
  }, 3000);
}
