// @ts-check
/** The fields of a question in the form of settings. */

import { parsed } from './controls.js';
import { make } from './elements.js';
import * as questions from './question-list.js';

/** @typedef {import('./question-list.js').Question} Question */
/** @typedef {{name: string, label: string, does: string, kind: string, default: any, choices: string[],
 *   only: [string, string] | null}} Field */
/** @typedef {(change: Question, again?: string) => void} Change values by their names, null: none; the field that then has the
 *   focus, where the question shows other fields than before */

/** @type {Record<string, string>} */
export const WHEN = { before: 'before the task', between: 'between two trials', after: 'after the task' };
let last = 0;

/**
 * @param {Field} field
 * @param {Question} question
 * @param {boolean} several
 * @param {Change} change
 * @returns {HTMLElement}
 */
export function fieldOf(field, question, several, change) {
  const { name } = field;
  const value = question[name] ?? field.default;
  if (field.kind === 'texts') {
    return textsField(field, question[name], several, (text) =>
      change({ [name]: text === '' && name !== 'ask' ? null : text }),
    );
  }
  if (field.kind === 'choices') return choicesField(field, question, several, change);
  if (field.kind === 'some') return someField(field, question, change);
  if (field.kind === 'tick') {
    const box = make('input', { type: 'checkbox', 'data-of': name });
    box.checked = value === true;
    box.addEventListener('change', () => change({ [name]: box.checked === field.default ? null : box.checked }));
    return make(
      'div',
      { class: 'setting' },
      make('label', { class: 'tick' }, box, field.label),
      hint(field),
      told(name),
    );
  }
  if (field.kind === 'choice') {
    const box = make(
      'select',
      { 'data-of': name },
      ...options(Object.fromEntries(field.choices.map((one) => [one, WHEN[one] ?? one]))),
    );
    box.value = String(value);
    box.addEventListener('change', () => change({ [name]: box.value }, name));
    return labelled(field.label, box, hint(field), told(name));
  }
  const isNumber = field.kind !== 'line';
  const box = make('input', {
    type: 'text',
    autocomplete: 'off',
    'data-of': name,
    class: isNumber ? 'figure' : null,
    inputmode: isNumber ? (field.kind === 'whole' ? 'numeric' : 'decimal') : null,
    placeholder: field.default ?? (isNumber ? 'none' : null),
  });
  box.value = question[name] === undefined ? '' : String(question[name]);
  box.addEventListener('input', () => change({ [name]: isNumber ? parsed(field.kind, box.value) : box.value.trim() }));
  return labelled(field.label, box, hint(field), told(name));
}

/** @param {Field} field @param {any} text @param {boolean} several @param {(text: any) => void} changed */
function textsField(field, text, several, changed) {
  /** @param {string} value @param {string} label @param {(value: string) => void} put */
  const boxOf = (value, label, put) => {
    const box = make(field.name === 'ask' ? 'textarea' : 'input', { dir: 'auto', 'data-of': field.name });
    if (box instanceof HTMLTextAreaElement) box.rows = 2;
    else box.type = 'text';
    box.value = value;
    box.addEventListener('input', () => put(box.value));
    return labelled(label, box);
  };
  if (!several) {
    const line = boxOf(questions.oneText(text), field.label, changed);
    const does = hint(field);
    if (does) line.append(does);
    line.append(told(field.name));
    return line;
  }
  /** @type {Record<string, string>} */
  let texts = typeof text === 'object' && text ? { ...text } : text ? { en: text } : {};
  const boxes = Object.entries(questions.LANGUAGES).map(([language, name]) =>
    boxOf(texts[language] ?? '', name, (value) => {
      texts = { ...texts, [language]: value };
      if (!value) delete texts[language];
      changed(Object.keys(texts).length ? texts : '');
    }),
  );
  return group(field, make('div', { class: 'languages' }, ...boxes));
}

/** @param {Field} field @param {Question} question @param {boolean} several @param {Change} change */
function choicesField(field, question, several, change) {
  let choices = questions.choicesOf(question);
  /** @param {string} [again] */
  const send = (again) => change({ choices: choices.map(questions.asWritten) }, again);
  const languages = several ? Object.keys(questions.LANGUAGES) : [''];
  const rows = choices.map((choice, number) => {
    const boxes = languages.map((language) => {
      const name = `Choice ${number + 1}${language ? ` in ${questions.LANGUAGES[language]}` : ''}`;
      const box = make('input', { type: 'text', dir: 'auto', 'aria-label': name, 'data-of': field.name });
      if (language) box.placeholder = questions.LANGUAGES[language] ?? '';
      box.value = language
        ? typeof choice.text === 'object'
          ? (choice.text[language] ?? '')
          : ''
        : questions.oneText(choice.text);
      box.addEventListener('input', () =>
        put(number, language ? withLanguage(choices[number]?.text, language, box.value) : box.value),
      );
      return box;
    });
    const value = make('input', {
      type: 'text',
      'aria-label': `Choice ${number + 1} in the files`,
      placeholder: 'in the files',
    });
    value.value = choice.value === choice.text ? '' : choice.value;
    value.addEventListener('input', () => {
      choices = choices.map((one, place) => (place === number ? { ...one, value: value.value.trim() } : one));
      send();
    });
    const up = button('↑', () => shift(number, number - 1), { 'aria-label': `Move choice ${number + 1} up` });
    up.disabled = number === 0;
    const remove = button('Remove', () => {
      choices = choices.filter((_, place) => place !== number);
      send('choices');
    });
    remove.setAttribute('aria-label', `Remove choice ${number + 1}`);
    return make('div', { class: 'pair' }, ...boxes, value, up, remove);
  });

  /** @param {number} number @param {any} text */
  function put(number, text) {
    choices = choices.map((one, place) => (place === number ? { ...one, text } : one));
    send();
  }
  /** @param {number} number @param {number} to */
  function shift(number, to) {
    choices = questions.moved(choices, number, to);
    send('choices');
  }
  const add = button('Add a choice', () => {
    choices = [...choices, { text: several ? {} : '', value: several ? `choice_${choices.length + 1}` : '' }];
    send('last-choice');
  });
  rows.at(-1)?.querySelector('input')?.setAttribute('data-focus', 'last-choice');
  return group(field, ...rows, make('p', {}, add));
}

/** @param {any} texts @param {string} language @param {string} value */
function withLanguage(texts, language, value) {
  const next = { ...(typeof texts === 'object' ? texts : {}), [language]: value };
  if (!value) delete next[language];
  return next;
}

/** @param {Field} field @param {Question} question @param {Change} change */
function someField(field, question, change) {
  const offered = questions.choicesOf(question).map(questions.valueOfChoice).filter(Boolean);
  const given = Array.isArray(question[field.name]) ? question[field.name] : [];
  let some = new Set(given);
  const ticks = [...new Set([...offered, ...given])].map((value) => {
    const box = make('input', { type: 'checkbox', 'data-of': field.name });
    box.checked = some.has(value);
    box.addEventListener('change', () => {
      some = new Set(some);
      if (box.checked) some.add(value);
      else some.delete(value);
      change({ [field.name]: some.size ? [...some] : null });
    });
    return make('label', { class: 'tick' }, box, value);
  });
  return group(field, make('div', { class: 'some' }, ...ticks));
}

/** @param {Field} field @param {...Node} children */
function group(field, ...children) {
  return make(
    'fieldset',
    { class: 'setting', 'data-field': field.name },
    make('legend', { class: 'label' }, field.label),
    ...children,
    hint(field),
    told(field.name),
  );
}

/** @param {string} label @param {HTMLElement} box @param {...(Node | null)} more */
export function labelled(label, box, ...more) {
  box.id = `question-box-${(last += 1)}`;
  return make('div', { class: 'setting' }, make('label', { for: box.id }, label), box, ...more);
}

/** @param {Field} field */
const hint = (field) => (field.does ? make('p', { class: 'hint' }, field.does) : null);

/** Where problems of that field are told; "": those of no field that is shown. @param {string} name */
export const told = (name) => make('div', { class: 'told', 'data-beside': name, role: 'status' });

/** @param {Record<string, string>} names */
export const options = (names) => Object.entries(names).map(([value, name]) => make('option', { value }, name));

/** @param {string} words @param {() => void} act @param {Record<string, unknown>} [more] */
export function button(words, act, more = {}) {
  const made = make('button', { type: 'button', class: 'quiet small', ...more }, words);
  made.addEventListener('click', act);
  return made;
}
