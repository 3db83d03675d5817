// @ts-check
/** The editor of a list of questions in the form of settings; what is entered is what study.toml has. */

import { find, given } from '../page.js';
import { ask } from './confirm.js';
import { make } from './elements.js';
import { WHEN, button, fieldOf, labelled, options, told } from './question-fields.js';
import * as questions from './question-list.js';

/** @typedef {import('./question-list.js').Question} Question */
/** @typedef {import('./settings.js').Problem} Problem */
/** @typedef {import('./question-fields.js').Field} Field */
/** @typedef {{kinds: Record<string, Field[]>, names: Record<string, string>, most: number}} Form */

/**
 * @param {HTMLElement} root
 * @param {Form} form
 * @param {{changed: (value: Question[] | null) => void, language: () => string}} how
 *   `language` is that of a text which is written for all
 * @returns {import('./controls.js').Editor}
 */
export function editQuestions(root, form, { changed, language }) {
  /** @type {Question[]} */
  let list = [];
  /** @type {Problem[]} */
  let problems = [];
  /** The rows that were added and not yet left. @type {WeakSet<Element>} */
  const added = new WeakSet();
  const rows = make('ol', { class: 'questions' });
  const kinds = make('select', { 'aria-label': 'Kind of the new question' }, ...options(form.names));
  // Clauses are of one kind.
  const [only = null, another] = Object.keys(form.names);
  const isOnly = another === undefined;
  const noun = isOnly ? 'clause' : 'question';
  const add = make('button', { type: 'button', class: 'quiet small' }, `Add a ${noun}`);
  const unreadable = make(
    'p',
    { class: 'hint', hidden: true },
    'What the text of study.toml has here cannot be shown in this form.',
  );
  root.replaceChildren(unreadable, rows, make('p', { class: 'add' }, isOnly ? null : kinds, add));

  add.addEventListener('click', () => {
    list = [...list, questions.newQuestion(kinds.value, list, isOnly)];
    send();
    const row = rowOf(list.length - 1);
    added.add(row);
    rows.append(row);
    renumber();
    find(row, 'textarea').focus();
    row.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && row.contains(relatedTarget)) return;
      added.delete(row);
      tellAll();
    });
  });

  function send() {
    changed(list.length ? list : null);
  }

  /** @param {number} number @param {Question} question */
  function put(number, question) {
    list = list.map((one, place) => (place === number ? question : one));
    send();
  }

  /** A row is made again where a change shows other fields. @param {number} number @param {string} focus of which field */
  function again(number, focus) {
    const row = rowOf(number);
    rows.children[number]?.replaceWith(row);
    renumber();
    /** @type {HTMLElement | null} */ (row.querySelector(`[data-of="${focus}"], [data-focus="${focus}"]`))?.focus();
  }

  /** @param {number} number @param {number} to @param {HTMLElement} button */
  function move(number, to, button) {
    list = questions.moved(list, number, to);
    const row = rows.children[number];
    if (!row) return;
    rows.insertBefore(row, rows.children[to > number ? to + 1 : to] ?? null);
    renumber();
    send();
    if (!(/** @type {HTMLButtonElement} */ (button).disabled)) button.focus();
    else /** @type {HTMLElement | null} */ (row.querySelector('[data-move]:not(:disabled)'))?.focus();
  }

  function remove(/** @type {number} */ number) {
    list = list.filter((_, place) => place !== number);
    rows.children[number]?.remove();
    renumber();
    send();
    const next = rows.children[Math.min(number, list.length - 1)];
    (next ? find(next, 'summary') : add).focus();
  }

  function renumber() {
    [...rows.children].forEach((row, number) => {
      /** @type {HTMLElement} */ (row).dataset.number = String(number);
      row.querySelector('[data-move="up"]')?.toggleAttribute('disabled', number === 0);
      row.querySelector('[data-move="down"]')?.toggleAttribute('disabled', number === list.length - 1);
      title(row, number);
    });
    add.disabled = list.length >= form.most;
    tellAll();
  }

  /** @param {Element} row @param {number} number */
  function title(row, number) {
    const question = list[number] ?? {};
    const asked = form.kinds.text ? WHEN[question.when ?? 'after'] : '';
    const kind = isOnly ? '' : (form.names[question.kind] ?? 'Of no kind');
    const words = [kind, asked].filter(Boolean).join(', ');
    find(row, '[data-title]').textContent = questions.oneText(question.ask) || question.name || `A ${noun}`;
    find(row, '[data-words]').textContent = words;
  }

  /** @param {number} number @returns {HTMLElement} */
  function rowOf(number) {
    const question = list[number] ?? {};
    const isOpen = rows.children[number]?.querySelector('details')?.open ?? !questions.oneText(question.ask);
    const row = make('li', {});
    const here = () => Number(row.dataset.number ?? number);
    const several = questions.isInLanguages(question);
    /** @type {import('./question-fields.js').Change} */
    const change = ({ choices, ...values }, focus) => {
      const before = list[here()] ?? {};
      const next = choices === undefined ? { ...before } : questions.withChoices(before, choices);
      for (const [name, value] of Object.entries(values)) {
        if (value === null || value === undefined) delete next[name];
        else next[name] = value;
      }
      put(here(), next);
      if (focus) again(here(), focus);
      else title(row, here());
      const some = fields.find((field) => field.kind === 'some');
      const place = some && row.querySelector(`[data-field="${some.name}"]`);
      if (choices && place) place.replaceWith(fieldOf(some, next, several, change));
    };
    const fields = form.kinds[isOnly ? given(only) : question.kind] ?? [];
    const shown = fields.filter(
      ({ name, only }) => !only || name in question || (question[only[0]] ?? 'after') === only[1],
    );
    const kind = make('select', { 'data-of': 'kind' }, ...options(form.names));
    if (!(question.kind in form.names)) kind.prepend(make('option', { value: '' }, 'choose one'));
    kind.value = question.kind in form.names ? question.kind : '';
    kind.addEventListener('change', () => {
      const names = (form.kinds[kind.value] ?? []).map((field) => field.name);
      put(here(), questions.ofKind(list[here()] ?? {}, kind.value, names));
      again(here(), 'kind');
    });
    const languages = make('input', { type: 'checkbox', 'data-of': 'languages' });
    languages.checked = several;
    languages.addEventListener('change', () => {
      const before = list[here()] ?? {};
      const to = () => {
        put(here(), (languages.checked ? questions.inLanguages : questions.inOneLanguage)(before, language()));
        again(here(), 'languages');
      };
      if (languages.checked || !hasOthers(before)) return to();
      languages.checked = true;
      ask('Keep the text of one language alone?', 'Keep one', () => {
        languages.checked = false;
        to();
      });
    });
    const up = button('Move up', () => move(here(), here() - 1, up), { 'data-move': 'up' });
    const down = button('Move down', () => move(here(), here() + 1, down), { 'data-move': 'down' });
    const details = make(
      'details',
      { class: 'card' },
      make(
        'summary',
        {},
        make('span', { 'data-title': true, dir: 'auto' }),
        ' ',
        make('span', { class: 'hint', 'data-words': true }),
        make('span', { class: 'wrong', 'data-wrong': true }),
      ),
      isOnly ? null : labelled('Kind of answer', kind, told('kind')),
      ...shown.map((field) => fieldOf(field, question, several, change)),
      make('label', { class: 'tick' }, languages, 'In several languages'),
      told(''),
      make(
        'p',
        { class: 'actions' },
        up,
        down,
        button('Remove', () => remove(here())),
      ),
    );
    details.open = isOpen;
    row.append(details);
    return row;
  }

  function tellAll() {
    [...rows.children].forEach((row, number) => {
      const all = problems.filter((problem) => problem.at[0] === number);
      const mine = questions.toTell(all, added.has(row));
      const places = /** @type {NodeListOf<HTMLElement>} */ (row.querySelectorAll('[data-beside]'));
      const known = new Set([...places].map((place) => place.dataset.beside));
      for (const place of places) {
        const of = mine.filter((problem) => {
          const name = String(problem.at[1] ?? '');
          return (known.has(name) ? name : '') === place.dataset.beside;
        });
        const text = JSON.stringify(of);
        // What is told already is not read out again.
        if (place.dataset.text === text) continue;
        place.dataset.text = text;
        place.replaceChildren(...of.map((problem) => make('p', { class: problem.severity }, sentence(problem, known))));
        for (const box of row.querySelectorAll(`[data-of="${place.dataset.beside || 'none'}"]`)) {
          if (of.length) box.setAttribute('aria-invalid', 'true');
          else box.removeAttribute('aria-invalid');
        }
      }
      find(row, '[data-wrong]').textContent = mine.length
        ? ` ${mine.length === 1 ? '1 error' : `${mine.length} errors`}`
        : '';
    });
  }

  return {
    fill(value) {
      const isList = Array.isArray(value) && value.every((one) => one && typeof one === 'object');
      unreadable.hidden = value === null || isList;
      if (JSON.stringify(isList ? value : []) === JSON.stringify(list) && rows.children.length === list.length) return;
      list = isList ? structuredClone(value) : [];
      rows.replaceChildren();
      list.forEach((_, number) => rows.append(rowOf(number)));
      renumber();
    },
    tell(told) {
      problems = told;
      tellAll();
    },
    element() {
      const row = rows.children[problems.map((problem) => Number(problem.at[0])).sort((a, b) => a - b)[0] ?? -1];
      const details = row?.querySelector('details');
      if (!details) return add;
      details.open = true;
      return /** @type {HTMLElement | null} */ (details.querySelector('[aria-invalid]')) ?? find(details, 'summary');
    },
  };
}

/** @param {Problem} problem @param {Set<string | undefined>} known */
function sentence({ at, reason }, known) {
  const [, name, index] = at;
  const words = name !== undefined && !known.has(String(name)) ? `${name}: ${reason}` : reason;
  const told = name === 'choices' && typeof index === 'number' ? `choice ${index + 1}: ${reason}` : words;
  return told.slice(0, 1).toUpperCase() + told.slice(1);
}

/** @param {Question} question whether a second language has text */
function hasOthers(question) {
  const texts = [question.ask, question.min_label, question.max_label];
  texts.push(...questions.choicesOf(question).map((choice) => choice.text));
  return texts.some((text) => text && typeof text === 'object' && Object.values(text).filter(Boolean).length > 1);
}
