// @ts-check
/** What is done with several clips of a draft at once: chosen, described, removed; and their attributes as a table. */

import { find } from '../page.js';
import { ask } from './confirm.js';
import { change } from './board.js';
import { make, part } from './elements.js';
import { counted } from './words.js';

/** @typedef {import('./clips.js').Clip} Clip */

/**
 * @param {{clips: () => Clip[], onChange: () => void}} hears
 * @returns {{show: (clips: Clip[]) => void, box: (clip: Clip) => HTMLInputElement}}
 */
export function mountTools({ clips, onChange }) {
  const tools = part('tools');
  const said = part('tools-said');
  const every = part('choose-all', HTMLInputElement);
  /** @type {Set<string>} */
  const chosen = new Set();

  every.addEventListener('change', () => {
    chosen.clear();
    if (every.checked) for (const { id } of clips()) chosen.add(id);
    for (const input of document.querySelectorAll('td.choose input')) {
      /** @type {HTMLInputElement} */ (input).checked = every.checked;
    }
    count();
  });
  const tag = find(tools, '[data-tag]', HTMLFormElement);
  tag.addEventListener('submit', (event) => {
    event.preventDefault();
    const [column, value] = ['column', 'value'].map((name) => find(tag, `[name="${name}"]`, HTMLInputElement).value);
    const words = `${column} of ${counted(chosen.size, 'clip')}: ${value || 'none'}.`;
    attempt(async () => {
      await change('/attribute', { clips: [...chosen], column, value });
      return words;
    });
  });
  part('remove-chosen').addEventListener('click', () => {
    const their = chosen.size === 1 ? 'Its' : 'Their';
    const lost = `${their} attributes are lost; your own files are not touched.`;
    ask(`Remove ${counted(chosen.size, 'clip')} from this study? ${lost}`, 'Remove', () =>
      attempt(() => change('/remove', { clips: [...chosen] })),
    );
  });
  const input = find(tools, '[data-table-input]', HTMLInputElement);
  part('table').addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) attempt(() => take(file, file.name));
    input.value = '';
  });
  const paste = find(tools, '[data-paste]', HTMLFormElement);
  paste.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = find(paste, 'textarea', HTMLTextAreaElement).value;
    attempt(() => take(new Blob([text]), text.includes('\t') ? 'pasted.tsv' : 'pasted.csv'));
  });

  /** @param {Blob} file @param {string} name */
  async function take(file, name) {
    const taken = await change(`/attributes?file=${encodeURIComponent(name)}`, file);
    return `${counted(taken.columns.length, 'attribute')} of ${counted(taken.clips, 'clip')} taken from ${name}.`;
  }

  /** @param {() => Promise<unknown>} step */
  async function attempt(step) {
    try {
      const sentence = await step();
      said.textContent = typeof sentence === 'string' ? sentence : 'Done.';
      said.className = 'hint';
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
      said.className = 'error';
    }
    onChange();
  }

  /** @param {Clip[]} clips */
  function show(clips) {
    const there = new Set(clips.map(({ id }) => id));
    for (const id of chosen) if (!there.has(id)) chosen.delete(id);
    tools.hidden = !clips.length;
    const columns = new Set(clips.flatMap(({ attributes }) => Object.keys(attributes)));
    find(tools, 'datalist').replaceChildren(...[...columns].map((value) => make('option', { value })));
    count();
  }

  function count() {
    part('chosen').textContent = `${counted(chosen.size, 'clip')} chosen`;
    for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (
      tools.querySelectorAll('[data-tag] button, [data-remove-chosen]')
    )) {
      button.disabled = !chosen.size;
    }
    every.checked = chosen.size > 0 && chosen.size === clips().length;
  }

  /** @param {Clip} clip */
  function box(clip) {
    const made = make('input', { type: 'checkbox', 'aria-label': `Choose ${clip.file}`, checked: chosen.has(clip.id) });
    made.addEventListener('change', () => {
      if (made.checked) chosen.add(clip.id);
      else chosen.delete(clip.id);
      count();
    });
    return made;
  }

  return { show, box };
}
