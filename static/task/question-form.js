// @ts-check
/** The elements of a form of questions: what is given in them, and what is wrong with it. */
import { elementOf, find } from '../page.js';
import { answerOf } from './answers.js';

/**
 * @typedef {import('./answers.js').Given} Given
 * @typedef {import('./answers.js').Question} Question
 */

/** @param {HTMLFormElement} form */
export const questionsIn = (form) => /** @type {HTMLElement[]} */ ([...form.querySelectorAll('.question')]);
/** @param {HTMLElement} element */
export const nameOf = (element) => element.dataset.question ?? '';
/** What hands the form in: not the first button, which may take an answer back. @param {HTMLFormElement} form */
export const submitOf = (form) => find(form, '[type=submit]', HTMLButtonElement);
/** @param {HTMLFormElement} form */
export const statusOf = (form) => find(form, '[data-sheet-status]');

/** @param {HTMLElement} element */
export const inputsIn = (element) =>
  /** @type {(HTMLInputElement | HTMLTextAreaElement)[]} */ ([...element.querySelectorAll('input, textarea')]);

/** The question as the server tells it, without its words. @param {HTMLElement} element @returns {Question} */
export const questionOf = (element) => JSON.parse(element.dataset.asked ?? '{}');

/** @param {HTMLElement} element @returns {Given} */
export function givenIn(element) {
  const inputs = inputsIn(element);
  const chosen = inputs.filter((input) => input instanceof HTMLInputElement && input.checked).map(({ value }) => value);
  const { type, value } = inputs[0];
  if (type === 'radio') return chosen[0] ?? '';
  if (type !== 'checkbox') return value;
  // One box alone is a clause; choices are two at least.
  return inputs.length === 1 ? chosen.length > 0 : chosen;
}

/** @param {HTMLFormElement} form @param {Record<string, Given>} kept */
export function fill(form, kept) {
  for (const element of questionsIn(form)) {
    const given = kept[nameOf(element)];
    if (given === undefined) continue;
    for (const input of inputsIn(element)) {
      if (input instanceof HTMLInputElement && (input.type === 'radio' || input.type === 'checkbox')) {
        input.checked = typeof given === 'boolean' ? given : [given].flat().includes(input.value);
      } else if (typeof given === 'string') {
        input.value = given;
      }
    }
    showClearing(element);
  }
}

/** @param {HTMLElement} element @param {string} problem */
export function tell(element, problem) {
  const line = find(element, '.problem');
  line.textContent = problem;
  line.hidden = false;
  for (const input of inputsIn(element)) input.setAttribute('aria-invalid', 'true');
}

/** @param {Element | null} element */
export function clearProblem(element) {
  if (!(element instanceof HTMLElement)) return;
  find(element, '.problem').hidden = true;
  for (const input of inputsIn(element)) input.removeAttribute('aria-invalid');
}

/**
 * The answers to all questions of a form; null where one does not fit. Each problem is told beside its question, and the
 * first of them gets the focus.
 * @param {HTMLFormElement} form
 * @param {import('./text.js').Translate} t
 * @param {{optional?: boolean}} [rules] optional: no answer is required
 */
export function answersIn(form, t, { optional = false } = {}) {
  /** @type {Record<string, import('./answers.js').Answer>} */
  const answers = {};
  /** @type {HTMLElement | null} */
  let first = null;
  for (const element of questionsIn(form)) {
    const question = questionOf(element);
    const { answer, problem } = answerOf(
      { ...question, required: question.required && !optional },
      givenIn(element),
      t,
    );
    answers[nameOf(element)] = answer;
    if (problem === null) clearProblem(element);
    else tell(element, problem);
    if (problem !== null) first ??= element;
  }
  if (first === null) return answers;
  focusOn(first);
  return null;
}

/** @param {HTMLElement} element */
export function focusOn(element) {
  element.scrollIntoView({ block: 'nearest' });
  inputsIn(element)[0].focus();
}

/** @param {HTMLFormElement} form @param {boolean} busy */
export function setBusy(form, busy) {
  submitOf(form).disabled = busy;
  for (const input of form.querySelectorAll('input, textarea')) input.toggleAttribute('disabled', busy);
  statusOf(form).textContent = '';
}

/** An answer that need not be given can be taken back. @param {HTMLFormElement} form @param {() => void} onChange */
export function wireClearing(form, onChange) {
  form.addEventListener('click', (event) => {
    const question = elementOf(event).closest('[data-clear]')?.closest('.question');
    if (!(question instanceof HTMLElement)) return;
    const inputs = inputsIn(question);
    for (const input of inputs) if (input instanceof HTMLInputElement) input.checked = false;
    showClearing(question);
    inputs[0].focus();
    onChange();
  });
  form.addEventListener('input', (event) => showClearing(elementOf(event).closest('.question')));
}

/** @param {Element | null} question */
function showClearing(question) {
  const button = question?.querySelector('[data-clear]');
  if (button instanceof HTMLElement) button.hidden = question?.querySelector('input:checked') === null;
}
