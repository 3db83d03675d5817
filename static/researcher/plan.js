// @ts-check
/** The page "Plan": what was computed last, how the work on a newer plan stands, and the form that asks for one. */

import { byId, find } from '../page.js';
import { showCurve } from './curve.js';
import { make, part } from './elements.js';
import { keepFresh, load } from './live.js';

/**
 * @typedef {import('./curve.js').Expected} Expected
 * @typedef {{median: number | null, low: number | null, high: number | null}} Spread
 * @typedef {{raters: number, reliability: Expected, accuracy: Expected, power: Expected, seen: number}} Point
 * @typedef {{minutes: Spread, trials: Spread, seen: Spread, reached: Spread, pairwise: Expected, curve: Point[]}} Plan
 * @typedef {{computed_at: string | null, changes: string[], sentences: string[], needed: string | null,
 *   observed: {value: number, interval: number[] | null} | null,
 *   work: {state: string, done: number, of: number, reason: string | null, worker: string} | null,
 *   plan: {plan: Plan, models: string[] | null, asked: Record<string, any>} | null}} Answer
 */

const PAUSE = 1500;
const page = find(document, 'main', HTMLElement);
const address = `${page.dataset.api}/plan`;
const form = find(document, '[data-assumptions]', HTMLFormElement);
let shown = '';

/** @param {number | null} value @param {number} digits */
const figure = (value, digits) => (value === null ? '–' : value.toFixed(digits));
/** @param {number | null} value */
const percent = (value) => (value === null ? '–' : `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)} %`);

/** @param {Answer} found */
function show(found) {
  const { work } = found;
  const stands = work !== null && work.state === 'waiting' && work.worker !== 'running';
  part('working').hidden = work === null || work.state === 'failed' || stands;
  part('no-worker').hidden = !stands;
  part('failed').hidden = work?.state !== 'failed';
  if (work !== null) {
    byId('work', HTMLProgressElement).value = work.of ? work.done / work.of : 0;
    part('work-text').textContent = work.of ? `${work.done} of ${work.of}` : 'waiting to begin';
    part('failed').textContent = `The plan could not be computed: ${work.reason}.`;
  }
  part('changed').hidden = !found.changes.length || work !== null;
  find(part('changed'), 'ul', HTMLElement).replaceChildren(...found.changes.map((change) => make('li', {}, change)));
  part('plan').hidden = found.plan === null;
  if (found.plan !== null && found.computed_at !== shown) {
    showPlan(found, found.plan.plan);
    shown = found.computed_at ?? '';
  }
  const models = found.plan?.models ?? null;
  part('forget').hidden = models === null;
  part('given').textContent = models ? `Given before: ${models.join(' and ')}.` : '';
}

/** @param {Answer} found @param {Plan} plan */
function showPlan(found, plan) {
  /** @type {[string, Spread, (value: number | null) => string][]} */
  const figures = [
    ['minutes', plan.minutes, (value) => figure(value, 0)],
    ['trials', plan.trials, (value) => figure(value, 0)],
    ['seen', plan.seen, percent],
    ['reached', plan.reached, percent],
  ];
  for (const [key, spread, written] of figures) {
    find(document, `[data-figure="${key}"]`, HTMLElement).textContent = written(spread.median);
    find(document, `[data-range="${key}"]`, HTMLElement).textContent =
      written(spread.low) === written(spread.high) ? '' : `${written(spread.low)} to ${written(spread.high)}`;
  }
  part('needed').textContent = found.needed;
  part('observed').hidden = found.observed === null;
  if (found.observed !== null) {
    const { value, interval } = found.observed;
    const range = interval ? ` (${figure(interval[0], 2)} to ${figure(interval[1], 2)})` : '';
    part('observed').textContent =
      `Raters of this study correlate by ${figure(value, 2)}${range} so far; the plan assumes ` +
      `${figure(plan.pairwise.value, 2)} (${figure(plan.pairwise.low, 2)} to ${figure(plan.pairwise.high, 2)}). ` +
      'Where they differ, change “How far raters differ” or “Placement noise” until they agree.';
  }
  const wanted = found.plan?.asked.reliability;
  /** @param {'reliability' | 'accuracy' | 'power'} key */
  const points = (key) => plan.curve.map((point) => ({ x: point.raters, y: point[key] }));
  showCurve(
    part('reliability'),
    [
      { name: 'correlation with the truth', kind: 'second', points: points('accuracy') },
      { name: 'reliability (split-half, corrected)', kind: 'first', points: points('reliability') },
    ],
    {
      y: 'correlation',
      wanted: { level: wanted, words: `wanted: ${wanted}` },
      label: `Reliability and correlation with the truth by number of raters; ${found.needed} The table below has the numbers.`,
    },
  );
  showCurve(part('power'), [{ name: 'power at p < .05', kind: 'first', points: points('power') }], {
    y: 'power',
    wanted: { level: 0.8, words: '0.8' },
    label: 'Power by number of raters. The table below has the numbers.',
  });
  find(part('numbers'), 'tbody', HTMLElement).replaceChildren(...plan.curve.map(row));
  part('sentences').replaceChildren(...found.sentences.map((sentence) => make('li', {}, sentence)));
  part('age').textContent = found.computed_at ? `Computed ${new Date(found.computed_at).toLocaleString('en-GB')}.` : '';
}

/** @param {Point} point */
function row(point) {
  const cells = [
    figure(point.reliability.value, 2),
    `${figure(point.reliability.low, 2)} to ${figure(point.reliability.high, 2)}`,
    figure(point.accuracy.value, 2),
    `${figure(point.accuracy.low, 2)} to ${figure(point.accuracy.high, 2)}`,
    figure(point.power.value, 2),
    percent(point.seen),
  ];
  return make(
    'tr',
    {},
    make('th', { scope: 'row', class: 'number' }, point.raters),
    ...cells.map((cell) => make('td', { class: 'number' }, cell)),
  );
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
  return find(form, '[name="forget"]', HTMLInputElement).checked ? { settings, models: [] } : { settings };
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

keepFresh(async () => show(await load(address)), PAUSE);
