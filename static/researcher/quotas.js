// @ts-check
/** The editor of quotas in the form of settings: for each question before the task, how many with each answer. */

import { parsed } from './controls.js';
import { make } from './elements.js';
import { button, options } from './question-fields.js';
import { oneText } from './question-list.js';
import * as list from './quota-list.js';

/** @typedef {import('./quota-list.js').Question} Question */
/** @typedef {import('./quota-list.js').Quota} Quota */
/** @typedef {import('./settings.js').Problem} Problem */

const MODES = {
  none: 'no limit',
  same: 'the same for each answer',
  each: 'for each answer by itself',
  ranges: 'for ranges of the number',
};

/**
 * @param {HTMLElement} root
 * @param {(value: Record<string, Quota> | null) => void} changed
 * @returns {import('./controls.js').Editor}
 */
export function editQuotas(root, changed) {
  /** @type {Record<string, Quota>} */
  let quotas = {};
  let shown = '';
  /** @type {Problem[]} */
  let problems = [];
  const none = make(
    'p',
    { class: 'hint' },
    'Quotas apply to questions before the task that have choices, a scale or a number. There are none so far.',
  );
  const rows = make('div', { class: 'quotas' });
  root.replaceChildren(none, rows);

  /** @param {string} name @param {Quota | null} quota */
  function put(name, quota) {
    const next = list.withQuota(quotas, name, quota);
    quotas = next ?? {};
    changed(next);
  }

  /** @param {Question} question */
  function rowOf(question) {
    const mode = list.modeOf(question, quotas[question.name]);
    const names = list.modesOf(question);
    const choice = make(
      'select',
      { 'aria-label': 'Limit' },
      ...options(Object.fromEntries(names.map((one) => [one, MODES[one]]))),
    );
    choice.value = mode;
    const places = make('div', { class: 'places' });
    const draw = () => places.replaceChildren(...boxesOf(question, /** @type {list.Mode} */ (choice.value)));
    choice.addEventListener('change', () => {
      if (choice.value !== list.modeOf(question, quotas[question.name])) put(question.name, null);
      draw();
      if (choice.value === 'ranges' && !places.querySelector('input')) addRange(question, places);
      places.querySelector('input')?.focus();
    });
    draw();
    return make(
      'fieldset',
      { class: 'setting' },
      make('legend', { class: 'label', dir: 'auto' }, oneText(question.ask) || question.name),
      choice,
      places,
      make('div', { class: 'told', 'data-quota': question.name, role: 'status' }),
    );
  }

  /** @param {Question} question @param {list.Mode} mode */
  function boxesOf(question, mode) {
    const quota = quotas[question.name];
    const of = typeof quota === 'object' ? quota : {};
    if (mode === 'none') return [];
    if (mode === 'same') {
      const box = numberBox(typeof quota === 'object' ? '' : quota, 'Places for each answer');
      box.addEventListener('input', () => put(question.name, valueOf(box)));
      return [line('Places for each answer', box)];
    }
    if (mode === 'each') {
      const boxes = list.offered(question).map((answer) => {
        const box = numberBox(of[answer], `Places for ${answer}`);
        box.placeholder = 'no limit';
        box.dataset.answer = answer;
        return box;
      });
      const read = () => {
        const filled = boxes.map((box) => /** @type {const} */ ([box.dataset.answer ?? '', valueOf(box)]));
        put(question.name, entered(filled));
      };
      for (const box of boxes) box.addEventListener('input', read);
      return boxes.map((box) => line(box.dataset.answer ?? '', box));
    }
    const add = button('Add a range', () => addRange(question, add.parentElement));
    return [...Object.entries(of).map(([range, most]) => rangeOf(question, range, most)), add];
  }

  /** @param {Question} question @param {Element | null} places */
  function addRange(question, places) {
    const row = rangeOf(question, '', '');
    places?.lastElementChild?.before(row);
    row.querySelector('input')?.focus();
  }

  /** @param {Question} question @param {string} range @param {Quota} most */
  function rangeOf(question, range, most) {
    const ends = make('input', {
      type: 'text',
      autocomplete: 'off',
      'aria-label': 'Range',
      placeholder: '18-30 or 61+',
    });
    ends.value = range;
    const box = numberBox(most, 'Places');
    const row = make('div', { class: 'range' }, ends, box);
    const read = () => {
      const ranges = [...(row.parentElement?.querySelectorAll('.range') ?? [])].map((one) =>
        one.querySelectorAll('input'),
      );
      const filled = ranges.map(
        ([first, second]) => /** @type {const} */ ([(first?.value ?? '').trim(), second ? valueOf(second) : null]),
      );
      put(question.name, entered(filled));
    };
    ends.addEventListener('input', read);
    box.addEventListener('input', read);
    row.append(
      button('Remove', () => {
        const { parentElement } = row;
        const next = row.nextElementSibling ?? row.previousElementSibling;
        ends.value = '';
        read();
        row.remove();
        /** @type {HTMLElement | null} */ (
          next?.querySelector('input') ?? parentElement?.querySelector('button') ?? null
        )?.focus();
      }),
    );
    return row;
  }

  /** A quota of what is no question before the task. @param {string} name */
  function strayOf(name) {
    const row = make(
      'div',
      { class: 'setting' },
      make('code', { dir: 'auto' }, name),
      ' ',
      button('Remove', () => {
        put(name, null);
        row.remove();
      }),
      make('div', { class: 'told', 'data-quota': name, role: 'status' }),
    );
    return row;
  }

  function tellAll() {
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (rows.querySelectorAll('[data-quota]'))) {
      const key = `recruitment.quotas.${place.dataset.quota}`;
      const mine = problems.filter((one) => one.key === key || one.key?.startsWith(`${key}.`));
      const text = JSON.stringify(mine.map((one) => one.sentence));
      // What is told already is not read out again.
      if (place.dataset.text === text) continue;
      place.dataset.text = text;
      place.replaceChildren(...mine.map((one) => make('p', { class: one.severity }, capital(one.sentence))));
    }
  }

  return {
    fill(value, values) {
      const isTable = value !== null && typeof value === 'object' && !Array.isArray(value);
      const questions = list.candidates(values.questions);
      const next = JSON.stringify([isTable ? value : {}, questions]);
      if (next === shown) return;
      shown = next;
      quotas = isTable ? structuredClone(value) : {};
      const names = new Set(questions.map((one) => one.name));
      const stray = Object.keys(quotas).filter((name) => !names.has(name));
      none.hidden = questions.length > 0;
      rows.replaceChildren(...questions.map(rowOf), ...stray.map(strayOf));
      tellAll();
    },
    tell(told) {
      problems = told;
      tellAll();
    },
    element() {
      const wrong = [...rows.querySelectorAll('[data-quota]')].find((place) => place.childElementCount > 0);
      const box = wrong?.closest('.setting')?.querySelector('input, select, button') ?? rows.querySelector('select');
      return /** @type {HTMLElement} */ (box ?? root);
    },
  };
}

/** What has a name and a number. @param {(readonly [string, number | string | null])[]} pairs @returns {Record<string, number | string>} */
function entered(pairs) {
  /** @type {Record<string, number | string>} */
  const filled = {};
  for (const [name, value] of pairs) if (name && value !== null) filled[name] = value;
  return filled;
}

/** @param {Quota | undefined} value @param {string} label */
function numberBox(value, label) {
  const box = make('input', {
    type: 'text',
    inputmode: 'numeric',
    autocomplete: 'off',
    class: 'figure',
    'aria-label': label,
  });
  box.value = value === undefined || typeof value === 'object' ? '' : String(value);
  return box;
}

/** @param {HTMLInputElement} box @returns {number | string | null} a number that is none stays a text, which the server refuses */
const valueOf = (box) => /** @type {number | string | null} */ (parsed('whole', box.value));

/** @param {string} text @param {HTMLElement} box */
const line = (text, box) =>
  make('div', { class: 'line' }, make('span', { dir: 'auto', 'aria-hidden': 'true' }, text), box);

/** @param {string} sentence */
const capital = (sentence) => sentence.slice(0, 1).toUpperCase() + sentence.slice(1);
