// @ts-check
/** What of a study's results somebody wants to see: the form of their page, its address, and the links to files. */

import { find } from '../page.js';
import { make, part } from './elements.js';

export const GROUP = 'group';

export const form = part('choice', HTMLFormElement);
/** @param {string} name */
const select = (name) => find(form, `select[name=${name}]`, HTMLSelectElement);
/** @param {string} name */
const tick = (name) => find(form, `input[name=${name}]`, HTMLInputElement);
export const field = {
  rater: select('rater'),
  method: select('method'),
  order: select('order'),
  excluded: select('excluded'),
  simulated: tick('simulated'),
  unfinished: tick('unfinished'),
  completed: tick('completed'),
};
/** The choice of a set of clips, where the study has several; without a set, all are shown side by side. */
export const setChoice = /** @type {HTMLSelectElement | null} */ (form.querySelector('select[name=set]'));
/** Beside the map: its dimensions, and the attribute whose values have a colour each. */
export const dimensions = part('dims', HTMLSelectElement);
export const colour = find(part('colour'), 'select', HTMLSelectElement);

/** @param {import('./results.js').Results} results */
export function fillRaters(results) {
  const wanted = field.rater.dataset.wanted ?? field.rater.value;
  field.rater.replaceChildren(
    make('option', { value: GROUP }, 'the group'),
    ...results.raters
      .filter((rater) => !rater.problem)
      .map(({ rater, simulated }) => make('option', { value: rater }, simulated ? `${rater} (simulated)` : rater)),
  );
  field.rater.value = wanted;
  if (field.rater.selectedIndex < 0) field.rater.value = GROUP;
  delete field.rater.dataset.wanted;
}

/**
 * The orders by an attribute that tells clips apart, and the one that the address asks for.
 * @param {import('./results.js').Results} results
 */
export function fillOrders(results) {
  const wanted = field.order.dataset.wanted ?? field.order.value;
  const names = Object.keys(results.ranks).filter((name) => new Set(results.ranks[name]).size > 1);
  for (const option of [...field.order.options].slice(2)) option.remove();
  field.order.append(...names.map((name) => make('option', { value: name }, `by ${name}`)));
  field.order.value = wanted;
  if (field.order.selectedIndex < 0) field.order.selectedIndex = 0;
  delete field.order.dataset.wanted;
}

/** What the server is asked for: the estimator and which raters are in. */
export function query() {
  return new URLSearchParams({
    method: field.method.value,
    simulated: field.simulated.checked ? '1' : '0',
    unfinished: field.unfinished.checked ? '1' : '0',
    excluded: field.excluded.value,
    ...(setChoice?.value ? { set: setChoice.value } : {}),
  }).toString();
}

/** The part of a question that asks for the completed RDM. */
export function completion() {
  return field.completed.checked ? '&completed=1' : '';
}

/** Let the links to files ask for what is chosen. */
export function setDownloads() {
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-download]'))) {
    const ids =
      part('recruiter-ids', HTMLInputElement).checked && link.pathname.endsWith('.zip') ? '&recruiter_ids=1' : '';
    link.search = `?${query()}${ids}${link.dataset.download === 'completed' ? '&completed=1' : ''}`;
  }
  const figure = new URLSearchParams({
    rater: field.rater.value,
    order: field.order.value,
    colour: colour.value,
    dims: dimensions.value,
    width: part('width', HTMLSelectElement).value,
  });
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-figure-file]')))
    link.search = `?${query()}${completion()}&${figure}`;
}

/** Set the form as the page's address says. */
export function readAddress() {
  const given = new URLSearchParams(location.search);
  const method = given.get('method') ?? '';
  if ([...field.method.options].some((option) => option.value === method)) field.method.value = method;
  const order = given.get('order');
  // Addresses from before matrices could be ordered by an attribute.
  if (order !== null) field.order.dataset.wanted = order === 'clips' ? 'study' : order;
  field.simulated.checked = given.get('simulated') !== '0';
  field.unfinished.checked = given.get('unfinished') === '1';
  if (given.get('excluded') === '1') field.excluded.value = '1';
  const set = given.get('set') ?? '';
  if (setChoice !== null && [...setChoice.options].some((option) => option.value === set)) setChoice.value = set;
  field.completed.checked = given.get('completed') === '1';
  const rater = given.get('rater');
  if (rater !== null) field.rater.dataset.wanted = rater;
}

/** Keep what is chosen in the page's address, so that the view can be passed on. */
export function writeAddress() {
  setDownloads();
  history.replaceState(
    null,
    '',
    `?${query()}${completion()}&order=${encodeURIComponent(field.order.value)}&rater=${field.rater.value}`,
  );
}
