// @ts-check
/** One clip at a time, large: it plays, and in a draft it is renamed, moved, described and removed. */

import { find } from '../page.js';
import { ask } from './confirm.js';
import { make, part } from './elements.js';

/** @typedef {import('./clips.js').Clip} Clip */

const page = find(document, 'main');
const address = `${page.dataset.api}/clips`;
const token = find(document, '[name="csrf_token"]', HTMLInputElement).value;

/**
 * Ask the server to change something.
 * @param {string} path
 * @param {unknown} body JSON, or a file as it is
 * @returns {Promise<any>}
 * @throws {Error} with the server's sentence
 */
export async function change(path, body) {
  const content = body instanceof Blob ? body : JSON.stringify(body);
  const headers = { Accept: 'application/json', 'X-CSRFToken': token };
  const answer = await fetch(address + path, { method: 'POST', headers, body: content }).catch(() => {
    throw new Error('No connection. Nothing was changed.');
  });
  const reply = await answer.json().catch(() => null);
  if (!answer.ok || !reply) throw new Error(reply?.error?.message ?? `The server answered ${answer.status}.`);
  return reply;
}

/**
 * @param {{onChange: () => void}} hears called after the server has changed something
 * @returns {{open: (clip: Clip, place: number) => void}}
 */
export function mountBoard({ onChange }) {
  const dialog = part('clip-dialog', HTMLDialogElement);
  const screen = find(dialog, '[data-clip-video]');
  const problem = find(dialog, '[data-clip-problem]');
  const form = dialog.querySelector('form');
  /** @type {Clip | null} */
  let shown = null;
  let shownPlace = 0;

  find(dialog, '[data-clip-close]').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => screen.replaceChildren());
  form?.addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(save);
  });
  dialog.querySelector('[data-clip-remove]')?.addEventListener('click', () => {
    const question = `Remove ${shown?.file} from this study? Its attributes are lost; your own file is not touched.`;
    ask(question, 'Remove', () => attempt((clip) => change('/remove', { clips: [clip.id] })));
  });

  const other = /** @type {HTMLInputElement | null} */ (dialog.querySelector('[data-clip-file]'));
  dialog.querySelector('[data-clip-replace]')?.addEventListener('click', () => other?.click());
  other?.addEventListener('change', () => {
    const file = other.files?.[0];
    if (file && shown) document.dispatchEvent(new CustomEvent('replace-clip', { detail: { file, clip: shown.id } }));
    other.value = '';
    dialog.close();
  });

  /** @param {Clip} clip @param {number} place */
  function open(clip, place) {
    [shown, shownPlace] = [clip, place];
    find(dialog, 'h2').textContent = clip.label;
    problem.hidden = true;
    screen.replaceChildren(playing(clip));
    if (form) fill(form, clip, place);
    dialog.showModal();
  }

  /** @param {(clip: Clip) => Promise<unknown>} step */
  async function attempt(step) {
    if (!shown) return;
    try {
      await step(shown);
      dialog.close();
    } catch (error) {
      problem.textContent = error instanceof Error ? error.message : String(error);
      problem.hidden = false;
    }
    onChange();
  }

  /** @param {Clip} clip */
  async function save(clip) {
    if (!form) return;
    const name = find(form, '[name="name"]', HTMLInputElement).value.trim();
    const place = find(form, '[name="place"]', HTMLInputElement).valueAsNumber;
    if (name !== clip.label) await change(`/${clip.id}/rename`, { name });
    if (place !== shownPlace) await change(`/${clip.id}/move`, { place });
    for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (form.querySelectorAll('[data-column]'))) {
      const column = input.dataset.column ?? '';
      const value = input.value.trim();
      if (value !== (clip.attributes[column] ?? '')) await change('/attribute', { clips: [clip.id], column, value });
    }
  }

  return { open };
}

/** @param {Clip} clip */
function playing(clip) {
  if (!clip.sources.length) return make('p', { class: 'hint' }, clip.reason ?? 'This file is not converted yet.');
  if (clip.kind === 'picture') return make('img', { src: clip.sources[0].src, alt: clip.label });
  const video = make('video', { controls: true, loop: true, playsinline: true, poster: clip.poster });
  video.muted = !clip.has_audio;
  video.append(...clip.sources.map(({ src, type }) => make('source', { src, type })));
  // A browser may forbid sound that nobody asked for by a click; the controls are there.
  video.play().catch(() => null);
  return video;
}

/** @param {HTMLFormElement} form @param {Clip} clip @param {number} place */
function fill(form, clip, place) {
  find(form, '[name="name"]', HTMLInputElement).value = clip.label;
  find(form, '[name="place"]', HTMLInputElement).value = String(place);
  const known = /** @type {string[]} */ (JSON.parse(part('clips').dataset.columns ?? '[]'));
  find(form, '[data-clip-attributes]').replaceChildren(
    ...known.map((column) =>
      make(
        'label',
        {},
        make('span', { dir: 'auto' }, column),
        make('input', { value: clip.attributes[column] ?? '', 'data-column': column, maxlength: 500 }),
      ),
    ),
  );
}
