// @ts-check
/** The page that makes a study: proposes a name from the title, and says while it is typed whether a name can be had. */

import { byId, find } from '../page.js';
import { load } from './live.js';

const PAUSE = 250;

const form = find(document, '[data-new-study]', HTMLFormElement);
const title = byId('title', HTMLInputElement);
const name = byId('name', HTMLInputElement);
const nameError = byId('name-error');

// Once somebody has typed a name, the title proposes no other.
let isChosen = name.value !== '';
let timer = 0;
let asked = 0;
// Whether the proposed name is not yet that of the present title.
let isOld = false;

title.addEventListener('input', () => {
  tell(title, byId('title-error'), '');
  if (!isChosen) later({ title: title.value });
});
name.addEventListener('input', () => {
  isChosen = name.value !== '';
  later(isChosen ? { name: name.value.trim() } : { title: title.value });
});
// Whoever is faster than the proposal gets what the server makes of the title.
form.addEventListener('submit', () => {
  if (isOld && !isChosen) name.value = '';
});
// Typed while the page was still loading.
if (title.value !== '' && !isChosen) later({ title: title.value });

/** @param {Record<string, string>} about */
function later(about) {
  isOld = true;
  clearTimeout(timer);
  timer = setTimeout(() => check(about), PAUSE);
}

/** @param {Record<string, string>} about */
async function check(about) {
  const turn = ++asked;
  const answer = await load(`${form.dataset.names}?${new URLSearchParams(about)}`).catch(() => null);
  // What was typed since then has been asked about itself; without an answer the server decides when the form is sent.
  if (turn !== asked || answer === null) return;
  isOld = false;
  if (!isChosen) name.value = answer.name;
  tell(name, nameError, name.value === '' ? '' : (answer.problem ?? ''));
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} line
 * @param {string} problem
 */
function tell(input, line, problem) {
  line.textContent = problem;
  if (problem) input.setAttribute('aria-invalid', 'true');
  else input.removeAttribute('aria-invalid');
}
