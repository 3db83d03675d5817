// @ts-check
/** The consent page: the form takes along the tokens of the study's sessions in this browser. */
import { heldTokens } from './held.js';

const form = document.querySelector('form[data-study]');
for (const token of form ? heldTokens(form.getAttribute('data-study') ?? '') : []) {
  const field = document.createElement('input');
  Object.assign(field, { type: 'hidden', name: 'held', value: token });
  form?.append(field);
}
