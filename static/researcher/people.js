// @ts-check
/** The pages of people: the button that saves a role is there once another is chosen; links are copied. */

import { wireQuestions } from './confirm.js';
import { bindCopying } from './copying.js';

bindCopying();
wireQuestions();

for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (document.querySelectorAll('[data-save-role]'))) {
  const form = select.form;
  const button = form?.querySelector('button');
  if (!form || !button) continue;
  // Without this script the button is always there.
  button.hidden = true;
  select.addEventListener('change', () => {
    button.hidden = select.value === select.dataset.saveRole;
  });
}
