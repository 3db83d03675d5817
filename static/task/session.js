// @ts-check
/** Which screen a session view calls for, and how far along the participant is, in words. Pure. */

/**
 * @typedef {{clip: string, x: number, y: number}} Placement  arena units: centre 0,0; diameter 1; y upwards
 * @typedef {{src: string, type: string}} Source
 * @typedef {{play: 'hover'|'click'|'always', sound: boolean, loop: boolean, watch: 'free'|'before_placing'|'before_done',
 *   enlarge: boolean}} Playback
 * @typedef {{guide_lines: boolean, hints: boolean, background: string, min_window: number|null}} ArenaLooks
 * @typedef {{placements: Placement[], watched?: string[]}} Draft  watched: clips seen to their end once
 * @typedef {'clip'|'picture'|'sound'} Kind
 * @typedef {{id: string, number: number, label: string | null, kind?: Kind, sound: boolean, width: number, height: number, duration: number, poster: string,
 *   sources: Source[]}} Clip
 * @typedef {{key: string, number: number, purpose: 'main'|'repeat'|'check'|'practice', clips: Clip[],
 *   draft: Draft | null, question: string | null}} Trial
 * @typedef {{fraction: number, trials_done: number, minutes_left: number | null, at_most: boolean,
 *   minutes_a_trial: number | null}} Progress
 * @typedef {{session: {id: string, state: string, simulated: boolean}, study: object, playback: Playback, arena: ArenaLooks,
 *   progress: Progress, trial: Trial | null,
 *   practice: import('./feedback.js').PracticeFeedback | null,
 *   questions: {sheet: string} | null, comment: boolean, rating?: import('./rating.js').RatingView | null,
 *   upcoming: {poster: string, sources: Source[]}[],
 *   completion: {code: string | null, url: string | null, incomplete?: boolean, seconds?: number} | null,
 *   elsewhere: boolean}} SessionView
 * @typedef {'instructions'|'questions'|'rating'|'trial'|'thanks'|'withdrawn'|'screened-out'|'quota-full'|'elsewhere'|'preparing'} Screen
 */

/**
 * @param {SessionView} view
 * @returns {Screen}
 */
export function screenOf(view) {
  const { state } = view.session;
  if (state === 'withdrawn') return 'withdrawn';
  if (state === 'screened_out') return 'screened-out';
  if (state === 'quota_full') return 'quota-full';
  if (state === 'finished' && !view.questions && !view.rating) return 'thanks';
  if (view.elsewhere) return 'elsewhere';
  if (view.questions) return 'questions';
  if (view.rating) return 'rating';
  if (state === 'instructed') return 'instructions';
  return view.trial ? 'trial' : 'preparing';
}

/**
 * The line above the arena, where it is another than the study's: in practice, and when the trial brings its own.
 * @param {Trial} trial
 * @param {import('./text.js').Translate} t
 * @param {{play?: string, watch?: string}} [playback]  practice teaches what the page enforces in this study
 * @returns {string | null} null for the study's own question
 */
export function questionOf({ purpose, question }, t, { play, watch } = {}) {
  if (question) return t(question);
  if (purpose !== 'practice') return null;
  const words = [t('Practice: put shapes that are alike close together and shapes that differ far apart.')];
  if (play === 'click') words.push(t('Click or tap a shape to play it.'));
  if (watch === 'before_placing') words.push(t('Each shape must play to its end before you can move it.'));
  if (watch === 'before_done') words.push(t('Each shape must play to its end before you press Done.'));
  return words.join(' ');
}

/**
 * The clips of a trial with their names: texts of ours for the practice's shapes, the study's own label where it sets one,
 * and otherwise a number.
 * @param {Trial} trial
 * @param {import('./text.js').Translate} t
 * @returns {(Clip & {label: string, caption?: string})[]} caption: what the face of a sound shows, only where the study sets labels
 */
export function namedClips({ purpose, clips }, t) {
  const ours = purpose === 'practice';
  /** @param {Clip} clip */
  const nameOf = ({ label, number }) => (label ? (ours ? t(label) : label) : t('Clip {n}', { n: number }));
  /** @param {Clip} clip */
  const captionOf = ({ kind, label }) => (kind === 'sound' && label ? { caption: label } : {});
  return clips.map((clip) => ({ ...clip, label: nameOf(clip), ...captionOf(clip) }));
}

/**
 * How far along, and the time left.
 * @param {{fraction: number, minutes_left: number | null, at_most: boolean}} progress  at_most: the study's time rule,
 *   where there is no better estimate yet
 * @param {import('./text.js').Translate} t
 */
export function progressWords({ fraction, minutes_left: minutes, at_most: atMost }, t) {
  // Only a finished session is at 100 %: rounding up would promise an end that has not come.
  const percent = fraction >= 1 ? 100 : Math.min(99, Math.floor(fraction * 100));
  const done = t('{percent} % done', { percent });
  if (minutes === null || minutes === undefined || fraction >= 1) return done;
  return t('{done}, {left}', { done, left: minutesInWords(minutes, atMost, t) });
}

/** @param {number} minutes @param {boolean} atMost @param {import('./text.js').Translate} t */
function minutesInWords(minutes, atMost, t) {
  if (atMost && minutes <= 0) return t('this is the last round');
  if (minutes < 1.5) return t('about a minute left');
  if (atMost) return t('at most {n} minutes left', { n: Math.ceil(minutes) });
  return t('about {n} minutes left', { n: roundMinutes(minutes) });
}

/**
 * The time left after some minutes of work at a round. The time rule runs on with the clock; an estimate runs down by what
 * a round usually takes and then waits, so that a slow round does not promise an end that has not come.
 * @template {Pick<Progress, 'minutes_left' | 'at_most' | 'minutes_a_trial'>} T
 * @param {T} progress  as the round began
 * @param {number} minutes  of work at this round
 * @returns {T}
 */
export function timeLeft(progress, minutes) {
  const { minutes_left: left, at_most: atMost, minutes_a_trial: usual } = progress;
  if (left === null || left === undefined) return progress;
  const gone = atMost ? minutes : Math.min(minutes, usual ?? minutes);
  return { ...progress, minutes_left: Math.max(left - gone, 0) };
}

/**
 * To the minute below ten, to five minutes above: an estimate should not look more exact than it is.
 * @param {number} minutes
 */
function roundMinutes(minutes) {
  return minutes < 10 ? Math.round(minutes) : Math.ceil(minutes / 5) * 5;
}
