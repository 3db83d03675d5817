// @ts-check
/**
 * Forms and buttons that cannot be undone ask first: in the words of `data-ask`, the button's before the form's. Those
 * with `data-calm` destroy nothing. Their templates make them inert, so that none is sent unasked before this runs.
 */

import { make } from './elements.js';

export function wireQuestions() {
  /** @type {EventTarget | null} */
  let agreed = null;
  document.addEventListener('submit', (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    const button = event.submitter;
    const question = button?.dataset.ask ?? form.dataset.ask;
    if (!question || agreed === form) return;
    event.preventDefault();
    ask(
      question,
      button?.textContent ?? 'Yes',
      () => {
        agreed = form;
        form.requestSubmit(button);
        agreed = null;
      },
      'calm' in form.dataset ? null : 'danger',
    );
  });
  for (const form of document.querySelectorAll('form[data-ask]')) {
    if (form instanceof HTMLFormElement) form.inert = false;
  }
}

/**
 * @param {string} question
 * @param {string} yes what the button says
 * @param {() => void} act
 * @param {string | null} kind the button's class
 */
export function ask(question, yes, act, kind = 'danger') {
  const stay = make('button', { type: 'button', class: 'quiet', autofocus: true }, 'Cancel');
  const go = make('button', { type: 'button', class: kind }, yes);
  const title = make('p', { id: 'question' }, question);
  const dialog = make(
    'dialog',
    { 'aria-labelledby': 'question', class: 'question' },
    make('article', {}, title, make('div', { class: 'actions' }, stay, go)),
  );
  stay.addEventListener('click', () => dialog.close());
  go.addEventListener('click', () => {
    dialog.close();
    act();
  });
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
