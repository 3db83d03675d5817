// @ts-check
/**
 * The consent page: the form takes along the tokens of the study's sessions in this browser, and a clause that must be
 * ticked says so beside it before the form is sent.
 */
import { heldTokens } from './held.js';

const form = document.querySelector('form[data-study]');
for (const token of form ? heldTokens(form.getAttribute('data-study') ?? '') : []) {
  const field = document.createElement('input');
  Object.assign(field, { type: 'hidden', name: 'held', value: token });
  form?.append(field);
}

const required = /** @type {HTMLInputElement[]} */ ([
  ...(form?.querySelectorAll('.clause input[aria-required="true"]') ?? []),
]);
for (const box of required) {
  // What is told is taken back as soon as it is mended.
  box.addEventListener('change', () => box.checked && tell(box, false));
}
form?.addEventListener('submit', (event) => {
  const { submitter } = /** @type {SubmitEvent} */ (event);
  if (submitter && !submitter.hasAttribute('data-agree')) return;
  const missing = required.filter((box) => !box.checked);
  for (const box of required) tell(box, !box.checked);
  if (missing.length === 0) return;
  event.preventDefault();
  missing[0]?.focus();
});
// As the server has sent the page back.
/** @type {HTMLElement | null} */ (form?.querySelector('[aria-invalid="true"]'))?.focus();

/** @param {HTMLInputElement} box @param {boolean} isMissing */
function tell(box, isMissing) {
  if (isMissing) box.setAttribute('aria-invalid', 'true');
  else box.removeAttribute('aria-invalid');
  document.getElementById(`problem-${box.value}`)?.toggleAttribute('hidden', !isMissing);
}
