// @ts-check
/**
 * A study's first page: who takes part, live.
 */

import { find, given } from '../page.js';
import { wireQuestions } from './confirm.js';
import { bindCopying } from './copying.js';
import { make, part, syncRows } from './elements.js';
import { keepFresh, load } from './live.js';
import { sessionRow } from './session-rows.js';
import { ago, checksInWords, counted, notesOf, number, reliabilityInWords } from './words.js';

const PAUSE = 3000;
/** ms between two looks at the reliability, which is computed anew every ten minutes at most. */
const RELIABILITY_PAUSE = 30_000;
/** ms after the last key before what was typed is looked for. */
const TYPING = 300;

/**
 * @typedef {import('./session-rows.js').Session} Session
 *
 * @typedef {object} Figures of all sessions but pilots; `states` of those in the results
 * @property {Record<string, number>} states
 * @property {number} people
 * @property {number} visits
 * @property {number | null} minutes
 * @property {import('./words.js').Checks} checks
 * @property {number} simulated
 * @property {number} left_out
 */

const page = find(document, 'main');
const api = given(page.dataset.api);
const look = find(document, '[data-look]', HTMLFormElement);
const only = find(look, 'select', HTMLSelectElement);
const search = find(look, 'input', HTMLInputElement);

/** What is looked at is in the address, so that it outlives a reload and can be sent to a colleague. */
const view = new URLSearchParams(location.search);
only.value = view.get('only') ?? '';
search.value = view.get('search') ?? '';
/** Counts changes of the view: an answer to an earlier one is no longer shown. */
let views = 0;

const refresh = async () => {
  const mine = views;
  const answer = await load(`${api}?${view}`);
  if (mine === views) show(answer);
};
keepFresh(refresh, PAUSE);
bindLooking();
bindReliability();

bindCopying();

wireQuestions();

/** @param {Record<string, string>} changes the page is the first again unless it is among them */
function turnTo(changes) {
  for (const [key, value] of Object.entries({ page: '', ...changes })) {
    if (value) view.set(key, value);
    else view.delete(key);
  }
  views += 1;
  history.replaceState(null, '', `${location.pathname}${view.size ? `?${view}` : ''}`);
  refresh().catch(() => {
    // The next look, in a moment, says what is wrong.
  });
}

function bindLooking() {
  let timer = 0;
  look.addEventListener('submit', (event) => event.preventDefault());
  only.addEventListener('change', () => turnTo({ only: only.value }));
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => turnTo({ search: search.value.trim() }), TYPING);
  });
  for (const head of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('th[data-sort]'))) {
    find(head, 'button').addEventListener('click', () => {
      const sort = given(head.dataset.sort);
      const again = (view.get('sort') ?? 'number') === sort;
      turnTo({ sort, descending: again && view.get('descending') !== '1' ? '1' : '' });
    });
  }
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll('[data-turn]'))) {
    button.addEventListener('click', () => {
      turnTo({ page: String(Number(part('pager').dataset.page) + Number(button.dataset.turn)) });
    });
  }
}

function bindReliability() {
  const target = find(document, '#target', HTMLInputElement);
  const ask = async () => {
    if (document.hidden || !target.checkValidity()) return;
    const reliability = await load(`${api}/reliability?target=${target.value}`);
    part('reliability').hidden = false;
    const words = reliabilityInWords(reliability);
    setText(part('reliability-words'), words.soFar);
    setText(part('needed-words'), words.needed);
  };
  const turn = () =>
    ask().catch(() => {
      // The table's own looks say what is wrong.
    });
  target.addEventListener('change', turn);
  setInterval(turn, RELIABILITY_PAUSE);
  turn();
}

/** What is there already is not read out again. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * @param {{study: {state: string, checks: number, places: number | null}, figures: Figures, sessions: Session[], pilots: Session[], page: number,
 *   pages: number, found: number, places_taken: number, sets: Record<string, number>, n_pilots: number, problems: string[]}} answer
 */
function show(answer) {
  const { study, figures, problems } = answer;
  // Pilots are the last of the page, whatever its order.
  const sessions = [...answer.sessions, ...answer.pilots];
  const state = part('study-state');
  if (state.textContent !== study.state) location.reload();
  /** @param {Session} session */
  const noted = (session) => notesOf(session).length > 0 && session.id_note !== 'plain_link';
  const recruited = sessions.some((session) => Object.keys(session.recruiter).length > 0 || noted(session));
  const checked = study.checks > 0;
  showProblems(problems);
  const anybody = figures.visits + figures.left_out + answer.n_pilots > 0;
  part('sessions').hidden = !anybody;
  look.hidden = !anybody;
  part('empty').hidden = anybody;
  const remarked = sessions.some((session) => session.note);
  part('note-column').hidden = !remarked;
  showWhatCanBeDeleted(answer.n_pilots, figures.simulated);
  part('recruiter-column').hidden = !recruited;
  showOrder();
  showPager(answer);
  const now = Date.now();
  syncRows(find(document, '[data-sessions] tbody'), sessions, {
    key: (session) => session.session,
    text: (session) => JSON.stringify([session, ago(session.last_seen_at, now), recruited, remarked]),
    row: (session) => sessionRow(session, { now, recruited, checked, remarked }),
  });
  showFigures(answer, checked);
}

function showOrder() {
  for (const head of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('th[data-sort]'))) {
    if (head.dataset.sort !== (view.get('sort') ?? 'number')) head.removeAttribute('aria-sort');
    else head.setAttribute('aria-sort', view.get('descending') === '1' ? 'descending' : 'ascending');
  }
}

/** @param {{page: number, pages: number, found: number}} answer */
function showPager({ page: at, pages, found: sessions }) {
  const pager = part('pager');
  const restricted = Boolean(view.get('only') || view.get('search'));
  pager.hidden = pages < 2 && !restricted;
  pager.dataset.page = String(at);
  setText(
    part('pager-words'),
    pages < 2 ? counted(sessions, 'session') : `Page ${at} of ${pages}, ${counted(sessions, 'session')}`,
  );
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (pager.querySelectorAll('button'))) {
    const to = at + Number(button.dataset.turn);
    button.hidden = pages < 2;
    button.disabled = to < 1 || to > pages;
  }
}

/**
 * The forms that delete test data are there only for who may change the study.
 * @param {number} pilots @param {number} simulated
 */
function showWhatCanBeDeleted(pilots, simulated) {
  const forms = { pilots: pilots > 0, 'delete-simulated': simulated > 0 };
  for (const [name, wanted] of Object.entries(forms)) {
    const form = /** @type {HTMLElement | null} */ (document.querySelector(`[data-${name}]`));
    if (form) form.hidden = !wanted;
  }
}

/**
 * As the page itself shows them when it is loaded; unchanged ones are left alone, or they would be read out again.
 * @param {string[]} problems
 */
function showProblems(problems) {
  const box = part('problems');
  const shown = [...box.children].map((line) => line.textContent);
  if (shown.join() === problems.join()) return;
  box.replaceChildren(...problems.map((problem) => make('p', { class: 'callout bad' }, problem)));
}

/**
 * @param {{figures: Figures, study: {places: number | null}, places_taken: number, sets: Record<string, number>}} answer
 * @param {boolean} checked
 */
function showFigures({ figures, study, places_taken: taken, sets }, checked) {
  /** @param {...string} states */
  const count = (...states) => states.reduce((sum, state) => sum + (figures.states[state] ?? 0), 0);
  const shown = {
    finished: count('finished'),
    arranging: count('instructed', 'arranging'),
    idle: count('idle'),
    left: count('left'),
    withdrawn: count('withdrawn'),
    screened_out: count('screened_out'),
    quota_full: count('quota_full'),
    people: figures.people,
    minutes: number(figures.minutes, 1),
    simulated: figures.simulated,
    leftOut: figures.left_out,
    ...(checked && { checks: checksInWords(figures.checks) }),
    ...(study.places && { places: `${taken} of ${study.places}` }),
  };
  for (const [name, value] of Object.entries(shown)) {
    find(document, `[data-figures] [data-figure="${name}"]`).textContent = String(value);
  }
  part('simulated').hidden = figures.simulated === 0;
  part('screened-out').hidden = shown.screened_out === 0;
  part('quota-full').hidden = shown.quota_full === 0;
  part('left-out').hidden = figures.left_out === 0;
  part('people').hidden = figures.people === figures.visits;
  part('sets').hidden = Object.keys(sets).length === 0;
  part('set-counts').replaceChildren(
    ...Object.entries(sets).map(([set, taken]) => make('div', {}, make('dt', {}, set), make('dd', {}, taken))),
  );
}
