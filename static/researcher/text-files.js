// @ts-check
/** Pictures and clips that the texts of a study show: added, put into a text where the cursor was, removed. */

import { find, given } from '../page.js';
import { pauseBefore } from '../task/backoff.js';
import { make, part } from './elements.js';
import { hashOf } from './file-hash.js';
import { send } from './tus-upload.js';
import { counted, megabytes } from './words.js';

/** @typedef {{name: string, bytes: number, width: number, height: number, plays: boolean, poster: string, remarks: string[]}} TextFile */

/** @param {number} bytes */
const size = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1000)} kB` : megabytes(bytes));

// What is written in place of a description, selected, so that the next key replaces it.
const ALT = 'what it shows';

/**
 * @param {object} how
 * @param {string} how.uploads the address of the study's uploads
 * @param {string} how.token of the page, against forged requests
 * @param {() => void} how.changed called when there are other files
 */
export function bindTextFiles({ uploads, token, changed }) {
  const section = part('text-files');
  const address = given(section.dataset.textFiles);
  const list = part('text-files-list');
  const said = part('text-files-status');
  const refused = part('text-files-refused');
  const input = part('text-files-input', HTMLInputElement);
  /** @type {HTMLTextAreaElement | null} */
  let target = null;

  document.addEventListener('focusin', ({ target: element }) => {
    if (element instanceof HTMLTextAreaElement && element.dataset.kind === 'markdown') target = element;
  });
  part('add-text-files').addEventListener('click', () => input.click());
  input.addEventListener('change', () => add([...(input.files ?? [])]));

  /** @param {File[]} files */
  async function add(files) {
    input.value = '';
    refused.replaceChildren();
    let done = 0;
    for (const file of files) {
      try {
        await send(file, file.name, {
          address: uploads,
          token,
          forTexts: true,
          hash: hashOf,
          signal: new AbortController().signal,
          onSent: (sent) => {
            said.textContent = sent < file.size ? `Sending ${file.name} …` : `Making ${file.name} ready …`;
          },
          onTrouble: (trouble) => {
            if (trouble) said.textContent = trouble;
          },
          wait: (failures) => new Promise((resolve) => setTimeout(resolve, pauseBefore(failures))),
        });
        done += 1;
      } catch (error) {
        refused.append(make('li', { class: 'error', dir: 'auto' }, error instanceof Error ? error.message : ''));
      }
    }
    await refresh();
    said.textContent = done ? `${counted(done, 'file')} added` : '';
    if (done) changed();
  }

  async function refresh() {
    const answer = await fetch(address, { headers: { Accept: 'application/json' } }).catch(() => null);
    if (answer?.ok) draw((await answer.json()).files);
  }

  /** @param {TextFile[]} files */
  function draw(files) {
    list.replaceChildren(...files.map(row));
  }

  /** @param {TextFile} file */
  function row(file) {
    const insert = make(
      'button',
      { type: 'button', class: 'quiet small', 'aria-label': `Insert ${file.name}` },
      'Insert',
    );
    const remove = make(
      'button',
      { type: 'button', class: 'quiet small', 'aria-label': `Remove ${file.name}` },
      'Remove',
    );
    insert.addEventListener('click', () => put(file));
    remove.addEventListener('click', () => take(file));
    return make(
      'li',
      {},
      make('img', { src: file.poster, alt: '' }),
      make(
        'div',
        {},
        make('code', { dir: 'auto' }, file.name),
        make(
          'p',
          { class: 'hint' },
          [`${file.width} × ${file.height}, ${size(file.bytes)}`, ...file.remarks].join('; '),
        ),
      ),
      insert,
      remove,
    );
  }

  /** @param {TextFile} file */
  function put(file) {
    const box = target ?? find(document, '[data-control="texts.instructions"]', HTMLTextAreaElement);
    const at = box.selectionStart;
    box.setRangeText(`![${ALT}](${file.name})`, at, box.selectionEnd);
    box.focus();
    box.setSelectionRange(at + 2, at + 2 + ALT.length);
    box.dispatchEvent(new Event('input', { bubbles: true }));
  }

  /** @param {TextFile} file */
  async function take(file) {
    refused.replaceChildren();
    const headers = { Accept: 'application/json', 'X-CSRFToken': token };
    const place = `${address}/${encodeURIComponent(file.name)}`;
    const answer = await fetch(place, { method: 'DELETE', headers }).catch(() => null);
    const body = await answer?.json().catch(() => null);
    if (answer?.ok && body) {
      draw(body.files);
      said.textContent = `${file.name} removed`;
      part('add-text-files').focus();
      changed();
      return;
    }
    const message = body?.error?.message ?? 'No connection. Nothing was removed.';
    refused.replaceChildren(make('li', { class: 'error' }, message));
  }

  refresh();
}
