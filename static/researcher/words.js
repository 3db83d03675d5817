// @ts-check
/** Numbers and times in words. Pure functions. */

/** Times are shown as UTC everywhere, and said to be. @param {string} iso @returns {string} "28 November 2026, 17:12 (UTC)" */
export function moment(iso) {
  return `${day(iso)}, ${new Date(iso).toISOString().slice(11, 16)} (UTC)`;
}

/** @param {string} iso @returns {string} "28 November 2026" */
export function day(iso) {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(iso));
}

/** @param {string} iso @param {number} now ms @returns {string} "just now", "4 min ago", "2 h ago", or the date */
export function ago(iso, now) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (seconds < 45) return 'just now';
  if (seconds < 3600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 24 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  return iso.slice(0, 10);
}

/** @param {number | null | undefined} value @param {number} digits @returns {string} "–" for what is not known */
export function number(value, digits = 2) {
  return value === null || value === undefined ? '–' : value.toFixed(digits).replace('-', '\u2212');
}

/**
 * A value of a measure; as `shown` in templates/researcher/measures.html.
 * @param {number} value
 * @param {string} unit "s", "%" (the value is a share), or ""
 */
export function inUnit(value, unit) {
  if (unit === '%') return `${Math.round(100 * value)} %`;
  return unit === 's' ? `${number(value, 1)} s` : number(value);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

/** @param {number} seconds @returns {string} "40 s", "3 min", "2 h" */
export function duration(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return seconds < 90 * 60 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

/** @param {{done: number, of: number}} update @returns {string} "2 of 4 raters" */
export function progressInWords({ done, of }) {
  return `${done} of ${counted(of, 'rater')}`;
}

/**
 * How old results are, and whether newer ones are on their way.
 * @param {string} computedAt
 * @param {{done: number, of: number} | null} update null when nothing is under way
 * @param {number} now ms
 */
export function ageInWords(computedAt, update, now) {
  const age = `Computed ${ago(computedAt, now)}`;
  return update === null ? `${age}.` : `${age}, being updated (${progressInWords(update)}).`;
}

/** @typedef {{done: number, passed: number}} Checks attention checks that were done, and that were passed */

/** @param {Checks} checks @returns {string} "2 of 3", or "–" while none was done */
export function checksInWords({ done, passed }) {
  return done ? `${passed} of ${done}` : '–';
}

/**
 * @typedef {object} SoFar
 * @property {number} finished participants by now
 * @property {boolean} simulated whether they are simulated, because nobody else has finished
 * @property {boolean} [pairs_are_shared] whether it is of one RDM of all their rounds
 * @property {number} raters whom the value is of
 * @property {number} target
 * @property {number | null} value
 * @property {number} pairs
 * @property {number | null} pairs_seen where participants share the pairs
 * @property {(number | null)[]} interval
 * @property {string | null} reason
 * @property {number | null} needed
 * @property {(number | null)[]} needed_interval
 * @property {boolean} endless the interval of `needed` has no upper end
 * @property {string | null} needed_reason
 */

/**
 * The reliability so far, and how many participants a target takes.
 * @param {SoFar} reliability
 */
export function reliabilityInWords(reliability) {
  const { value, raters, finished, simulated, needed } = reliability;
  const who = simulated ? 'simulated rater' : 'participant';
  if (value === null) {
    return { soFar: `Not known yet: ${reliability.reason ?? 'no reason is known'}.`, needed: '' };
  }
  const [low, high] = reliability.interval;
  const interval =
    low === null || high === null
      ? `no interval: ${reliability.reason ?? 'too few participants'}`
      : `95 % interval ${number(low)} to ${number(high)}`;
  const later = finished > raters ? ` ${finished - raters} more have finished since.` : '';
  const soFar = reliability.pairs_are_shared
    ? `${number(value)} for the RDM of all rounds of ${counted(raters, who)}${pairsInWords(reliability)}.${later}`
    : `${number(value)} (${interval}) for the mean of ${counted(raters, who)}.${later}`;
  if (needed === null) return { soFar, needed: `How many are needed is not known: ${reliability.needed_reason}.` };
  const [fewest, most] = reliability.needed_interval;
  const range = reliability.endless
    ? `; ${fewest} or more, without an upper end, by the interval`
    : fewest === null || most === null
      ? ''
      : `; ${fewest} to ${most} by the interval`;
  const more = Math.max(needed - finished, 0);
  const rest = more ? `${more} more` : 'enough have finished';
  return { soFar, needed: `takes ${counted(needed, who)} in all (${rest}${range}).` };
}

/** How many pairs somebody has seen, where participants share them. @param {SoFar} reliability */
function pairsInWords({ pairs, pairs_seen: seen }) {
  if (seen === null) return '';
  const all = pairs.toLocaleString('en-GB');
  if (seen === pairs) return `, who saw all ${all} pairs between them`;
  const share = Math.floor((100 * seen) / pairs);
  return `, who saw ${seen.toLocaleString('en-GB')} of the ${all} pairs (${share} %) between them`;
}

/** Kruskal's (1964) words for the stress of a map. @param {number} stress */
export function fitOfMap(stress) {
  if (stress < 0.05) return 'an excellent fit';
  if (stress < 0.1) return 'a good fit';
  if (stress < 0.2) return 'a fair fit';
  return 'a rough fit: look at the matrix too';
}

/** @type {Record<string, [string, string]>} */
const ID_NOTES = {
  plain_link: ['no id', "Came by the plain link, without a recruiter's id."],
  missing: ['no id', "The link had parameters, but not the person's id."],
  empty: ['empty id', "The person's id in the link was empty."],
  unfilled: ['unfilled id', "The link still had the recruiter's placeholder in place of an id."],
  repeated: ['repeated id', "The link gave the person's id more than once."],
  unusable: ['unusable id', "The person's id held characters that no recruiter gives out."],
  near_name: ['id under another name', "The link wrote the parameter's name in another way than study.toml."],
};

/**
 * A remark about who a session's participant is.
 * @param {{id_note: string | null, unproven_trials: number, asked_to_leave: boolean}} session
 * @returns {{text: string, why: string}[]}
 */
export function notesOf({ id_note: idNote, unproven_trials: unproven, asked_to_leave: leaving }) {
  const notes = [];
  if (idNote) {
    const [text, why] = ID_NOTES[idNote] ?? [idNote, ''];
    notes.push({ text, why });
  }
  if (unproven) {
    notes.push({
      text: `${unproven} ${unproven === 1 ? 'trial' : 'trials'} from another browser`,
      why: 'Sent from a browser that had nothing but this id, which can be guessed.',
    });
  }
  if (leaving) {
    notes.push({
      text: 'asked to leave',
      why: 'Wanted to withdraw in a browser that could not show whose session it is.',
    });
  }
  return notes;
}

/** @param {{person: number, visit: number}} session */
export function visitInWords({ person, visit }) {
  return `same person as P${String(person).padStart(3, '0')}, visit ${visit}`;
}

/** @param {number} bytes @returns {string} "3.4 MB" */
export function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
