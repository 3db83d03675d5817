// @ts-check
/** The controls of a form of settings: their values, as study.toml has them, and what is told beside them. */

import { find, given } from '../page.js';
import { make } from './elements.js';

/**
 * What shows and changes a setting that takes more than a box.
 * @typedef {object} Editor
 * @property {(value: any, values: Record<string, any>) => void} fill
 * @property {(problems: import('./settings.js').Problem[]) => void} tell those of the setting
 * @property {() => HTMLElement} element where what is wrong can be mended
 */
/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Box */

/**
 * @param {ParentNode} page
 * @param {(key: string, value: unknown) => void} changed called with the new value; null: unset
 * @param {Record<string, (root: HTMLElement, key: string, changed: (value: unknown) => void) => Editor>} editors by kind
 */
export function bindControls(page, changed, editors = {}) {
  /** @type {Map<string, Editor>} */
  const edited = new Map();
  /** @type {Map<string, HTMLElement>} */
  const controls = new Map();
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll('[data-control]'))) {
    const key = given(element.dataset.control);
    controls.set(key, element);
    const editor = editors[element.dataset.kind ?? ''];
    if (editor) {
      edited.set(
        key,
        editor(element, key, (value) => changed(key, value)),
      );
      continue;
    }
    element.addEventListener('input', () => changed(key, valueOf(element)));
    if (element.dataset.kind === 'pairs') {
      find(page, `[data-add="${key}"]`).addEventListener('click', () => {
        const row = pairRow('', '', () => changed(key, valueOf(element)));
        element.append(row);
        find(row, 'input').focus();
      });
    }
  }

  return {
    /** The box of a setting. @param {string | null} key @returns {HTMLElement | undefined} */
    element(key) {
      const editor = [...edited].find(([name]) => key === name || key?.startsWith(`${name}.`))?.[1];
      if (editor) return editor.element();
      const control = key === null ? undefined : controls.get(key);
      return control?.dataset.kind === 'pairs' ? (control.querySelector('input') ?? undefined) : control;
    },

    /**
     * Show values; one that is being typed into is left alone.
     * @param {Record<string, unknown>} values
     * @param {{except: string[], everything: boolean}} how
     */
    fill(values, { except, everything }) {
      for (const [key, element] of controls) {
        const typed = element.contains(document.activeElement) && !everything;
        if (!(key in values) || except.includes(key) || typed) continue;
        const editor = edited.get(key);
        if (editor) editor.fill(values[key], values);
        else if (element.dataset.kind !== 'pairs') setBox(/** @type {Box} */ (element), values[key]);
        else if (JSON.stringify(valueOf(element) ?? {}) !== JSON.stringify(values[key])) {
          const pairs = Object.entries(/** @type {Record<string, string>} */ (values[key] ?? {}));
          element.replaceChildren(
            ...pairs.map(([from, to]) => pairRow(from, to, () => changed(key, valueOf(element)))),
          );
        }
      }
    },

    /**
     * Tell what is wrong beside each setting.
     * @param {import('./settings.js').Problem[]} problems
     */
    tell(problems) {
      for (const place of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll('[data-told]'))) {
        const key = given(place.dataset.told);
        const all = problems.filter((problem) => problem.key === key || problem.key?.startsWith(`${key}.`));
        const editor = edited.get(key);
        editor?.tell(all);
        // An editor tells what is about a part of its setting beside that part.
        const mine = editor ? all.filter((problem) => problem.key === key && problem.at.length === 0) : all;
        const text = JSON.stringify(mine.map((problem) => [problem.severity, problem.sentence]));
        // What is told already is not read out again.
        if (place.dataset.text === text) continue;
        place.dataset.text = text;
        place.replaceChildren(
          ...mine.map((problem) => make('p', { class: problem.severity }, capital(problem.sentence))),
        );
        const control = controls.get(key);
        const wrong = mine.some((problem) => problem.severity === 'error');
        if (editor || control?.dataset.kind === 'pairs') continue;
        if (wrong) control?.setAttribute('aria-invalid', 'true');
        else control?.removeAttribute('aria-invalid');
      }
    },
  };
}

/** @param {string} sentence */
const capital = (sentence) => sentence.slice(0, 1).toUpperCase() + sentence.slice(1);

/**
 * What is entered, as a value of study.toml; a number that is none stays a text, of which the server says what is wrong.
 * @param {HTMLElement} element
 * @returns {unknown} null: nothing
 */
export function valueOf(element) {
  if (element.dataset.kind === 'pairs') {
    const rows = [...element.children].map((row) => [...row.querySelectorAll('input')].map((input) => input.value));
    const pairs = rows.filter(([from]) => from);
    return pairs.length ? Object.fromEntries(pairs) : null;
  }
  const box = /** @type {Box} */ (element);
  if (box instanceof HTMLInputElement && box.type === 'checkbox') return box.checked;
  return parsed(element.dataset.kind ?? 'line', box.value);
}

/**
 * @param {string} kind
 * @param {string} text
 * @returns {unknown} null: nothing
 */
export function parsed(kind, text) {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  if (kind === 'whole') return /^[+-]?\d{1,15}$/.test(trimmed) ? Number(trimmed) : number(trimmed);
  if (kind === 'number') return number(trimmed);
  if (kind === 'words') return words(trimmed);
  if (kind === 'numbers') return words(trimmed).map(number);
  return kind === 'markdown' ? text : trimmed;
}

/** @param {string} text */
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

/** @param {string} text */
function number(text) {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** @param {Box} box @param {unknown} value */
function setBox(box, value) {
  if (box instanceof HTMLInputElement && box.type === 'checkbox') {
    box.checked = value === true;
    return;
  }
  const text = value === null || value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value);
  if (box instanceof HTMLSelectElement && ![...box.options].some((option) => option.value === text)) {
    // A value that study.toml has and that cannot be used is shown as it is.
    box.append(make('option', { value: text }, text));
  }
  if (box.value !== text) box.value = text;
}

/**
 * @param {string} from
 * @param {string} to
 * @param {() => void} changed
 */
function pairRow(from, to, changed) {
  const first = make('input', {
    type: 'text',
    list: 'known-texts',
    'aria-label': 'English wording',
    placeholder: 'Done',
  });
  const second = make('input', { type: 'text', dir: 'auto', 'aria-label': 'Your wording', placeholder: 'Finished' });
  first.value = from;
  second.value = to;
  const remove = make('button', { type: 'button', class: 'quiet small' }, 'Remove');
  const row = make('div', { class: 'pair' }, first, second, remove);
  remove.addEventListener('click', () => {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    next?.querySelector('input')?.focus();
    changed();
  });
  return row;
}
