// @ts-check
/** A row of the table of sessions. */

import { make, simulatedMark } from './elements.js';
import { ago, checksInWords, counted, notesOf, number, visitInWords } from './words.js';

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
 * @property {number} to_rate
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
  arranging: 'at the task',
  idle: 'idle',
  left: 'left',
  finished: 'finished',
  withdrawn: 'withdrawn',
  screened_out: 'screened out',
  quota_full: 'quota full',
};
const ENDINGS = { evidence: 'all pairs known', minutes: 'time was up', trials: 'all trials done' };

/** @param {Session} session @param {{now: number, recruited: boolean, checked: boolean, remarked: boolean}} how */
export function sessionRow(session, { now, recruited, checked, remarked }) {
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
      session.state === 'finished' && session.to_rate
        ? make('small', {}, ` ${counted(session.to_rate, 'clip')} to rate`)
        : null,
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
