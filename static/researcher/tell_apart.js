// @ts-check
/** The part of the page "Models" that chooses the clips which best tell two models apart. */

import { byId, find } from '../page.js';
import { make, part } from './elements.js';

/** @typedef {{clips: string[], separation: number, of_random: number, raters: number | null, raters_of_random: number | null}} Chosen */

/**
 * @param {string} address of the models in the API
 */
export function chooseOnRequest(address) {
  const form = part('choose', HTMLFormElement);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const problem = part('choose-problem');
    problem.textContent = '';
    part('chosen').replaceChildren('Choosing clips; this takes a few seconds.');
    const body = {
      models: [byId('tell-first', HTMLSelectElement).value, byId('tell-second', HTMLSelectElement).value],
      clips: byId('tell-clips', HTMLInputElement).valueAsNumber,
    };
    try {
      const answer = await fetch(`${address}/controversial`, {
        method: 'POST',
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/json',
          'X-CSRFToken': find(form, '[name="csrf_token"]', HTMLInputElement).value,
        },
        body: JSON.stringify(body),
      });
      const reply = await answer.json().catch(() => null);
      part('chosen').replaceChildren();
      if (answer.ok) show(reply);
      else problem.textContent = reply?.error?.message ?? `The server answered ${answer.status}.`;
    } catch {
      part('chosen').replaceChildren();
      problem.textContent = 'The server cannot be reached. Please try again.';
    }
  });
  form.inert = false;
}

/** @param {Chosen} chosen */
function show({ clips, raters, raters_of_random: random }) {
  const query = new URLSearchParams(clips.map((clip) => ['clip', clip]));
  const needed = (/** @type {number | null} */ count) => (count === null ? 'more than 1,000' : String(count));
  part('chosen').replaceChildren(
    make(
      'p',
      {},
      `With these ${clips.length} clips about ${needed(raters)} raters tell the models apart (power 80 %, each arranging all clips once); ` +
        `with as many clips chosen at random ${needed(random)}.`,
    ),
    make('p', { class: 'hint' }, clips.join(', ')),
    make(
      'p',
      { class: 'actions' },
      make(
        'a',
        { class: 'button', href: `${part('chosen').dataset.duplicate}?${query}` },
        'Create a study of these clips',
      ),
    ),
  );
}

/**
 * Offer the models that can be told apart.
 * @param {import('./model_parts.js').Blocks} blocks
 */
export function offerModels({ models, attributes }) {
  const names = [...models, ...attributes];
  for (const id of ['tell-first', 'tell-second']) {
    const choice = byId(id, HTMLSelectElement);
    const value = choice.value;
    if (choice.options.length !== names.length + 1) {
      choice.replaceChildren(
        make('option', { value: '' }, 'choose one'),
        ...names.map((name) => make('option', { value: name }, name)),
      );
      choice.value = names.includes(value) ? value : '';
    }
  }
}
