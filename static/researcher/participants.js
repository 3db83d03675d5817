// @ts-check
/** A study's first page: who takes part, live. */

import { find, given } from '../page.js';
import { wireQuestions } from './ask.js';
import { bindCopying } from './copying.js';
import { make, part, simulatedMark, syncRows } from './elements.js';
import { keepFresh, load } from './live.js';
import { ago, allChecks, checksInWords, median, notesOf, number, visitInWords } from './words.js';

/**
 * @typedef {object} Session
 * @property {string} session
 * @property {string} rater
 * @property {keyof typeof STATES} state
 * @property {keyof typeof ENDINGS} ended_by
 * @property {boolean} simulated
 * @property {boolean} pilot
 * @property {number} person
 * @property {number} visit
 * @property {number} progress 0 to 1
 * @property {number} trials
 * @property {number} minutes
 * @property {import('./words.js').Checks} checks
 * @property {string} last_seen_at
 * @property {Record<string, string>} recruiter what the link brought
 * @property {string | null} id_note
 * @property {number} unproven_trials
 * @property {boolean} asked_to_leave
 * @property {string | null} note
 * @property {string | null} exclusion_reason
 */

const STATES = {
  instructed: 'reading',
  arranging: 'arranging',
  idle: 'idle',
  left: 'left',
  finished: 'finished',
  withdrawn: 'withdrawn',
  screened_out: 'screened out',
  quota_full: 'quota full',
};
const ENDINGS = { evidence: 'all pairs known', minutes: 'time was up', trials: 'all trials done' };
const PAUSE = 3000;

const page = find(document, 'main');

keepFresh(async () => show(await load(given(page.dataset.api))), PAUSE);

bindCopying();

wireQuestions();

/** @param {{study: {state: string, checks: number}, sessions: Session[], pilots: Session[], problems: string[]}} answer */
function show({ study, sessions, pilots, problems }) {
  const state = part('study-state');
  if (state.textContent !== study.state) location.reload();
  /** @param {Session} session */
  const noted = (session) => notesOf(session).length > 0 && session.id_note !== 'plain_link';
  const recruited = sessions.some((session) => Object.keys(session.recruiter).length > 0 || noted(session));
  const checked = study.checks > 0;
  showProblems(problems);
  const all = [...sessions, ...pilots];
  part('sessions').hidden = all.length === 0;
  part('empty').hidden = all.length > 0;
  const remarked = all.some((session) => session.note);
  part('note-column').hidden = !remarked;
  showWhatCanBeDeleted(sessions, pilots);
  part('recruiter-column').hidden = !recruited;
  const now = Date.now();
  syncRows(find(document, '[data-sessions] tbody'), all, {
    key: (session) => session.session,
    text: (session) => JSON.stringify([session, ago(session.last_seen_at, now), recruited, remarked]),
    row: (session) => sessionRow(session, { now, recruited, checked, remarked }),
  });
  showFigures(sessions, checked);
}

/**
 * The forms that delete test data are there only for who may change the study.
 * @param {Session[]} sessions @param {Session[]} pilots
 */
function showWhatCanBeDeleted(sessions, pilots) {
  const forms = {
    pilots: pilots.length > 0,
    'delete-simulated': sessions.some((session) => session.simulated),
  };
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

/** @param {Session[]} all @param {boolean} checked */
function showFigures(all, checked) {
  const sessions = all.filter((session) => session.exclusion_reason === null);
  const leftOut = all.length - sessions.length;
  /** @param {...string} states */
  const count = (...states) => sessions.filter((session) => states.includes(session.state)).length;
  const finished = sessions.filter((session) => session.state === 'finished');
  const minutes = median(finished.map((session) => session.minutes));
  const simulated = sessions.filter((session) => session.simulated).length;
  const figures = {
    finished: finished.length,
    arranging: count('instructed', 'arranging'),
    idle: count('idle'),
    left: count('left'),
    withdrawn: count('withdrawn'),
    screened_out: count('screened_out'),
    people: new Set(sessions.map((session) => session.person)).size,
    minutes: minutes === null ? '–' : number(minutes, 1),
    simulated,
    leftOut,
    ...(checked && { checks: checksInWords(allChecks(sessions)) }),
  };
  for (const [name, value] of Object.entries(figures)) {
    find(document, `[data-figures] [data-figure="${name}"]`).textContent = String(value);
  }
  part('simulated').hidden = simulated === 0;
  part('screened-out').hidden = count('screened_out') === 0;
  part('left-out').hidden = leftOut === 0;
  part('people').hidden = sessions.every((session) => session.visit === 1);
}

/** @param {Session} session @param {{now: number, recruited: boolean, checked: boolean, remarked: boolean}} how */
function sessionRow(session, { now, recruited, checked, remarked }) {
  const percent = Math.round(100 * session.progress);
  const ending = session.state === 'finished' ? ENDINGS[session.ended_by] : undefined;
  return make(
    'tr',
    session.simulated || session.pilot ? { class: session.pilot ? 'pilot' : 'simulated' } : {},
    make(
      'th',
      { scope: 'row' },
      make('a', { href: `${location.pathname.replace(/\/$/, '')}/sessions/${session.session}` }, session.rater),
      session.simulated ? ' ' : null,
      session.simulated ? simulatedMark() : null,
      session.exclusion_reason === null ? null : ' ',
      session.exclusion_reason === null
        ? null
        : make('span', { class: 'badge note', title: 'Left out of the results' }, session.exclusion_reason),
      session.pilot ? ' ' : null,
      session.pilot ? make('span', { class: 'badge simulated' }, 'pilot') : null,
      session.visit > 1 ? make('small', {}, ` ${visitInWords(session)}`) : null,
    ),
    make(
      'td',
      {},
      make('span', { class: `badge state-${session.state}`, title: ending ?? null }, STATES[session.state]),
    ),
    make(
      'td',
      { class: 'progress' },
      make('progress', { max: 100, value: percent, 'aria-label': `Progress of ${session.rater}` }),
      ` ${percent} %`,
    ),
    make('td', { class: 'number' }, session.trials),
    make('td', { class: 'number' }, number(session.minutes, 1)),
    checked ? make('td', { class: 'number' }, checksInWords(session.checks)) : null,
    make('td', {}, make('time', { datetime: session.last_seen_at }, ago(session.last_seen_at, now))),
    remarked ? make('td', { class: 'note-text', dir: 'auto' }, session.note) : null,
    recruited ? (session.pilot ? make('td', {}, '–') : recruiterCell(session)) : null,
  );
}

/**
 * What the recruiter's link brought, with a remark about it.
 * @param {Session} session
 */
function recruiterCell(session) {
  const cell = make(
    'td',
    {},
    make('span', { class: 'recruiter' }, Object.values(session.recruiter).join(' · ') || '–'),
  );
  for (const note of notesOf(session))
    cell.append(' ', make('span', { class: 'badge note', title: note.why }, note.text));
  return cell;
}
