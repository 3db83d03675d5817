// @ts-check
/**
 * Rating clips, one at a time: the clip plays large, with the questions about it. What is chosen is kept in this browser
 * until the server has it; each rating goes out through the outbox, as arrangements do.
 *
 * Over 300 lines: one screen, whose clip, keys and form change together.
 *
 * @typedef {import('./session.js').Clip} Clip
 * @typedef {{key: string, number: number, clip: Clip, revision: number, watched: string | null,
 *   answers: Record<string, string | number | null>}} ToRate  revision: how often the clip was rated before
 * @typedef {{of: number, watch: boolean, now: ToRate, last: ToRate | null}} RatingView
 * @typedef {{given: Record<string, import('./answers.js').Given>, watched: boolean, plays: number, played: number,
 *   duration: number, hidden: number}} Kept  what this browser keeps of a rating that is not handed in yet
 */
import { createPlayer } from '../arena/player.js';
import { byId, elementOf, find } from '../page.js';
import { withBreaks } from './breaks.js';
import { ratingKey } from './entries.js';
import {
  answersIn,
  clearProblem,
  fill,
  givenIn,
  inputsIn,
  nameOf,
  questionOf,
  questionsIn,
  setBusy,
  statusOf,
  submitOf,
  tell,
  wireClearing,
} from './question-form.js';

/** ms between two looks at whether the clip plays. */
const LOOK = 250;

/**
 * @param {{
 *   store: Awaited<ReturnType<typeof import('./store.js').openStore>>,
 *   send: (key: string, body: string) => Promise<void>,
 *   breaks: ReturnType<typeof import('./breaks.js').createBreaks>,
 *   onUnplayable: (clip: string) => void,
 *   t: import('./text.js').Translate,
 * }} parts
 */
export function wireRating({ store, send, breaks, onUnplayable, t }) {
  const screen = document.getElementById('screen-rating');
  // A study without ratings has no such screen.
  if (!screen) return null;
  const intro = find(screen, '[data-rating-intro]');
  const page = find(screen, '[data-rating-page]');
  const form = byId('rating-form', HTMLFormElement);
  const host = find(screen, '[data-rating-host]');
  const playButton = find(screen, '[data-rating-play]', HTMLButtonElement);
  const back = find(screen, '[data-rating-back]', HTMLButtonElement);
  /** @type {RatingView | null} */
  let view = null;
  /** The clip on the screen: the one to rate now, or the one before it. @type {ToRate | null} */
  let shown = null;
  /** @type {import('../arena/player.js').Player | null} */
  let player = null;
  /** @type {import('./session.js').Playback | null} */
  let playback = null;
  /** @type {import('../arena/player.js').Sound | undefined} */
  let sound;
  /** @type {Kept} */
  let kept = nothingKept();
  let shownAt = 0;
  let unplayable = false;
  let begun = false;
  let looking = 0;
  /** Where the next digit goes when no question has the focus. @type {HTMLElement | null} */
  let lastChosen = null;

  form.addEventListener('input', (event) => {
    keep();
    clearProblem(elementOf(event).closest('.question'));
  });
  wireClearing(form, keep);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    handIn();
  });
  playButton.addEventListener('click', toggle);
  back.addEventListener('click', () => view?.last && show(view.last));
  find(screen, '[data-rating-start]').addEventListener('click', () => {
    begun = true;
    if (view) show(view.now);
  });
  document.addEventListener('keydown', pressed);

  /** @param {ToRate} one */
  function show(one) {
    stop();
    if (!view || !playback) return;
    const { of, watch, now } = view;
    shown = one;
    unplayable = one.watched === 'unplayable';
    const draft = store.draft(ratingKey(one));
    kept = draft ? JSON.parse(draft.body) : { ...nothingKept(), watched: one.watched === 'yes' };
    intro.hidden = true;
    page.hidden = false;
    find(page, 'h1').textContent = t('Clip {n} of {of}', { n: one.number, of });
    const name = find(page, '[data-rating-name]');
    name.textContent = one.clip.label ?? '';
    name.hidden = !one.clip.label;
    host.style.setProperty('--shape', `${one.clip.width || 16} / ${one.clip.height || 9}`);
    host.querySelector('img')?.remove();
    const poster = document.createElement('img');
    poster.className = 'clip__poster';
    poster.alt = '';
    poster.src = isStill(one) ? one.clip.sources[0].src : one.clip.poster;
    host.prepend(poster);
    setBusy(form, false);
    fill(form, emptied());
    fill(form, draft ? kept.given : givenBefore(one));
    for (const question of questionsIn(form)) clearProblem(question);
    lastChosen = null;
    back.hidden = view.last === null || one !== now;
    shownAt = performance.now();
    breaks.reset();
    player = createPlayer({
      clip: () => one.clip,
      host: () => host,
      playback,
      atOnce: 1,
      audible: () => one.clip.sound,
      sound,
      now: () => performance.now() - shownAt,
      onWatched: () => {
        kept.watched = true;
        keep();
        tellWhatIsWanted();
      },
      onUnheard: () => {},
      onProgress: () => {},
      onEnded: () => {},
      onError: (id) => {
        unplayable = true;
        onUnplayable(id);
        tellWhatIsWanted();
      },
    });
    if (isStill(one)) kept.watched = true;
    else if (playback.play !== 'click') player.start(one.clip.id, one.clip.sound ? 'enlarged' : 'always');
    looking = setInterval(look, LOOK);
    look();
    tellWhatIsWanted(watch);
    find(page, 'h1').focus();
  }

  /** Whether the clip may be rated yet, and the hint that goes with it. */
  function tellWhatIsWanted(watch = view?.watch ?? false) {
    const waits = watch && !kept.watched && !unplayable;
    for (const input of form.querySelectorAll('input')) input.toggleAttribute('disabled', waits);
    submitOf(form).disabled = waits;
    form.classList.toggle('waits', waits);
    let words = '';
    if (unplayable) words = t('This clip cannot be played. You can go on without rating it.');
    else if (waits) words = t('Please watch the clip to its end, then rate it.');
    else if (shown && shown !== view?.now) words = t('You can change your last rating here.');
    find(form, '[data-rating-hint]').textContent = words;
  }

  function look() {
    if (!player || !shown) return;
    const plays = player.isPlaying(shown.clip.id);
    const words = plays ? t('Stop the clip') : t('Play the clip');
    if (playButton.getAttribute('aria-label') !== words) playButton.setAttribute('aria-label', words);
    playButton.classList.toggle('plays', plays);
    playButton.hidden = isStill(shown);
  }

  function toggle() {
    if (!player || !shown) return;
    if (player.isPlaying(shown.clip.id)) player.stop(shown.clip.id);
    else player.start(shown.clip.id, 'click');
    look();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (document.body.dataset.screen !== 'rating' || page.hidden || document.querySelector('dialog[open]')) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (/^[0-9]$/.test(event.key)) {
      if (choose(Number(event.key))) event.preventDefault();
    } else if (event.key === 'Enter' && !target.closest('button, a, input')) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === ' ' && !target.closest('button, a, input')) {
      event.preventDefault();
      toggle();
    }
  }

  /**
   * Chooses the digit's step or choice in the question that has the focus, or else the first that has no answer.
   * @param {number} digit
   */
  function choose(digit) {
    const all = questionsIn(form);
    const question =
      all.find((one) => one.contains(document.activeElement)) ??
      all.find((one) => givenIn(one) === '') ??
      lastChosen ??
      all[0];
    const inputs = /** @type {HTMLInputElement[]} */ (inputsIn(question));
    // On a scale from 0 the digit is the step, on all others its place.
    const input = inputs[questionOf(question).min === 0 ? digit : digit - 1];
    if (!input || input.disabled) return false;
    input.checked = true;
    input.dispatchEvent(new Event('input', { bubbles: true }));
    lastChosen = question;
    const next = all.find((one) => givenIn(one) === '');
    (next ? inputsIn(next)[0] : submitOf(form)).focus();
    return true;
  }

  /** @returns {Kept} */
  function soFar() {
    const plays = player?.plays() ?? [];
    const { duration, hidden } = withBreaks({ duration: performance.now() - shownAt, hidden: 0 }, breaks.total());
    return {
      given: Object.fromEntries(questionsIn(form).map((one) => [nameOf(one), givenIn(one)])),
      watched: kept.watched,
      plays: kept.plays + plays.length,
      played: kept.played + plays.reduce((sum, { ms }) => sum + ms, 0),
      duration: kept.duration + Math.round(duration),
      hidden: kept.hidden + hidden,
    };
  }

  function keep() {
    if (shown) store.putDraft({ id: ratingKey(shown), body: JSON.stringify(soFar()), over: '' });
  }

  async function handIn() {
    if (!shown || !view || submitOf(form).disabled) return;
    const answers = answersIn(form, t, { optional: unplayable });
    if (answers === null) return;
    if (shown !== view.now && questionsIn(form).every((one) => answers[nameOf(one)] === shown?.answers[nameOf(one)])) {
      // Nothing was changed.
      store.dropDraft(ratingKey(shown));
      show(view.now);
      return;
    }
    keep();
    const { plays, played, duration, hidden, watched } = soFar();
    const seen = unplayable ? 'unplayable' : watched ? 'yes' : 'no';
    const { revision } = shown;
    player?.stopAll();
    setBusy(form, true);
    back.disabled = true;
    await send(ratingKey(shown), JSON.stringify({ answers, revision, watched: seen, plays, played, duration, hidden }));
  }

  function stop() {
    clearInterval(looking);
    if (player && shown && !submitOf(form).disabled) keep();
    player?.destroy();
    player = null;
    shown = null;
    back.disabled = false;
  }

  /** @returns {Record<string, import('./answers.js').Given>} */
  const emptied = () => Object.fromEntries(questionsIn(form).map((one) => [nameOf(one), '']));

  return {
    /**
     * Shows the clip that is to be rated now; what comes before the first of them, too.
     * @param {RatingView} next
     * @param {import('./session.js').Playback} how
     * @param {import('../arena/player.js').Sound} setting
     */
    open(next, how, setting) {
      [view, playback, sound] = [next, how, setting];
      if (next.now.number > 1 || begun) {
        show(next.now);
        return;
      }
      intro.hidden = false;
      page.hidden = true;
      const line = intro.querySelector('[data-rating-default]');
      const words =
        next.of === 1
          ? t('You will see one clip. Please rate it.')
          : t('You will see clips one at a time, {n} in all. Please rate each of them.', { n: next.of });
      if (line) line.textContent = words;
      find(intro, 'h1').focus();
    },
    /** Whether this view is on the screen already. @param {RatingView} next */
    isOpen: (next) => view !== null && next.now.key === view.now.key && next.last?.revision === view.last?.revision,
    close() {
      if (view === null) return;
      stop();
      view = null;
    },
    /** A clip's file is here, where it could not be had before. @param {Clip} clip */
    clipReady(clip) {
      if (!unplayable || shown?.clip.id !== clip.id) return;
      unplayable = false;
      player?.start(clip.id, 'always');
      tellWhatIsWanted();
    },
    /** @param {import('../arena/player.js').Sound} setting */
    setSound(setting) {
      sound = setting;
      player?.setSound(setting);
    },
    /** The state of the rating on its way, in words. @param {string} words */
    status(words) {
      if (back.disabled) statusOf(form).textContent = words;
    },
    /** The server did not accept a rating. @param {string | undefined} field such as answers.valence */
    refused(field) {
      const element = questionsIn(form).find((one) => `answers.${nameOf(one)}` === field);
      const words = t('This answer was not accepted. Please check it.');
      if (element) tell(element, words);
      else statusOf(form).textContent = words;
    },
  };
}

/**
 * Whether it never plays.
 * @param {ToRate} one
 */
function isStill({ clip }) {
  return clip.kind === 'picture';
}

/** @returns {Kept} */
function nothingKept() {
  return { given: {}, watched: false, plays: 0, played: 0, duration: 0, hidden: 0 };
}

/** @param {ToRate} one @returns {Record<string, import('./answers.js').Given>} */
function givenBefore({ answers }) {
  return Object.fromEntries(
    Object.entries(answers).map(([name, value]) => [name, value === null ? '' : String(value)]),
  );
}
