// @ts-check
/** The page "Plan": what was computed last, the state of the work on a newer plan, and the form that asks for one. */

import { byId, find } from '../page.js';
import { showCurve } from './curve.js';
import { make, part } from './elements.js';
import { keepFresh, load } from './live.js';
import { sharedView, inWords, studyView } from './plan_views.js';
import { moment } from './words.js';

/**
 * @typedef {import('./plan_views.js').Plan} Plan
 * @typedef {import('./plan_views.js').SharedPlan} SharedPlan
 * @typedef {{models: string[] | null, asked: Record<string, any>}} Basis
 * @typedef {Basis & ({pairs_are_shared: true, plan: SharedPlan} | {pairs_are_shared?: false, plan: Plan})} Content
 * @typedef {{computed_at: string | null, changes: string[], sentences: string[], needed: string | null,
 *   observed: import('./plan_views.js').Observed | null,
 *   work: {state: string, done: number, of: number, reason: string | null, worker: string} | null,
 *   plan: Content | null}} Answer
 */

const PAUSE = 1500;
const page = find(document, 'main', HTMLElement);
const address = `${page.dataset.api}/plan`;
const form = find(document, '[data-assumptions]', HTMLFormElement);
let shown = '';

/** @param {Answer} answer */
function show(answer) {
  const { work } = answer;
  const stands = work !== null && work.state === 'waiting' && work.worker !== 'running';
  part('working').hidden = work === null || work.state === 'failed' || stands;
  part('no-worker').hidden = !stands;
  part('failed').hidden = work?.state !== 'failed';
  if (work !== null) {
    byId('work', HTMLProgressElement).value = work.of ? work.done / work.of : 0;
    part('work-text').textContent = work.of ? `${work.done} of ${work.of}` : 'waiting to begin';
    part('failed').textContent = `The plan could not be computed: ${work.reason}.`;
  }
  part('changed').hidden = !answer.changes.length || work !== null;
  find(part('changed'), 'ul', HTMLElement).replaceChildren(...answer.changes.map((change) => make('li', {}, change)));
  part('plan').hidden = answer.plan === null;
  if (answer.plan !== null && answer.computed_at !== shown) {
    showPlan(answer, answer.plan);
    shown = answer.computed_at ?? '';
  }
  const models = answer.plan?.models ?? null;
  // Where raters share the pairs, the form asks for no models.
  const forget = form.querySelector('[data-forget]');
  if (forget instanceof HTMLElement) {
    forget.hidden = models === null;
    part('given').textContent = models ? `Given before: ${models.join(' and ')}.` : '';
  }
}

/** @param {Answer} answer @param {Content} content */
function showPlan(answer, content) {
  const about = { needed: answer.needed, observed: answer.observed, asked: content.asked };
  const view = content.pairs_are_shared ? sharedView(content.plan, about) : studyView(content.plan, about);
  for (const element of document.querySelectorAll('[data-of]')) {
    if (!(element instanceof HTMLElement)) continue;
    const known = view.figures.find(([key]) => key === element.dataset.of);
    element.hidden = known === undefined;
    if (known === undefined) continue;
    const said = inWords(known[1], known[2]);
    find(element, '[data-figure]', HTMLElement).textContent = said.median;
    find(element, '[data-range]', HTMLElement).textContent = said.range;
  }
  part('needed').textContent = answer.needed;
  part('observed').hidden = !view.observed;
  part('observed').textContent = view.observed;
  part('first-title').textContent = view.first.title;
  showCurve(part('first-curve'), view.first.lines, view.first);
  part('second-title').textContent = view.second.title;
  showCurve(part('second-curve'), view.second.lines, view.second);
  find(part('numbers'), 'thead tr', HTMLElement).replaceChildren(
    ...view.head.map((title) => make('th', { scope: 'col', class: 'number' }, title)),
  );
  find(part('numbers'), 'tbody', HTMLElement).replaceChildren(
    ...view.rows.map(([raters, ...cells]) =>
      make(
        'tr',
        {},
        make('th', { scope: 'row', class: 'number' }, raters),
        ...cells.map((cell) => make('td', { class: 'number' }, cell)),
      ),
    ),
  );
  part('sentences').replaceChildren(...answer.sentences.map((sentence) => make('li', {}, sentence)));
  part('age').textContent = answer.computed_at ? `Computed ${moment(answer.computed_at)}.` : '';
}

/** @returns {Promise<{settings: Record<string, unknown>, models?: {name: string, text: string}[]}>} */
async function wish() {
  /** @type {Record<string, unknown>} */
  const settings = {};
  for (const field of form.elements) {
    if (field instanceof HTMLSelectElement) settings[field.name] = field.value;
    else if (field instanceof HTMLInputElement && field.type === 'number') settings[field.name] = field.valueAsNumber;
    else if (field instanceof HTMLInputElement && field.name === 'watch') settings.watch = field.checked;
  }
  const inputs = [...form.querySelectorAll('[data-model]')];
  const files = inputs.flatMap((input) => (input instanceof HTMLInputElement ? [...(input.files ?? [])] : []));
  if (files.length) {
    return {
      settings,
      models: await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() }))),
    };
  }
  const forget = form.querySelector('[name="forget"]');
  return forget instanceof HTMLInputElement && forget.checked ? { settings, models: [] } : { settings };
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = find(form, '[name="csrf_token"]', HTMLInputElement).value;
  const problem = part('problem');
  problem.textContent = '';
  try {
    const answer = await fetch(address, {
      method: 'POST',
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': token },
      body: JSON.stringify(await wish()),
    });
    const body = await answer.json().catch(() => null);
    if (!answer.ok) problem.textContent = body?.error?.message ?? `The server answered ${answer.status}.`;
    else {
      show(await load(address));
      find(document, '.tabs', HTMLElement).scrollIntoView();
    }
  } catch {
    problem.textContent = 'The server cannot be reached. Please try again.';
  }
});
form.inert = false;

keepFresh(async () => show(await load(address)), PAUSE);
