// @ts-check
/** The screen of a trial: its arena, its draft, the time it takes, and what the bar says about it. */
import { mountArena } from '../arena/arena.js';
import { byId } from '../page.js';
import { announce, practiceWords, retract } from './bar.js';
import { withBreaks } from './breaks.js';
import { namedClips, questionOf, timeLeft } from './session.js';

/**
 * @typedef {import('./session.js').Trial} Trial
 * @typedef {import('./session.js').SessionView} SessionView
 */

/**
 * @param {{
 *   bar: ReturnType<typeof import('./bar.js').createBar>,
 *   breaks: ReturnType<typeof import('./breaks.js').createBreaks>,
 *   drafts: ReturnType<typeof import('./drafts.js').createDrafts>,
 *   preloader: ReturnType<typeof import('./preload.js').createPreloader>,
 *   sound: ReturnType<typeof import('./sound.js').createSound>,
 *   send: (key: string, body: string) => Promise<void>,
 *   onUnplayable: (clip: string) => void,
 *   t: import('./text.js').Translate,
 * }} parts  send: hands an arrangement to the outbox
 */
export function createTrialScreen({ bar, breaks, drafts, preloader, sound, send, onUnplayable, t }) {
  /**
   * What is on the screen.
   * @type {{trial: Trial, arena: import('../arena/arena.js').Arena, progress: SessionView['progress'], hasSound: boolean} | null}
   */
  let current = null;

  /** @param {import('../arena/arena.js').Arena} arena */
  const resultOf = (arena) => withBreaks(arena.result(), breaks.total());

  function showLoading() {
    bar.loading(current?.trial ?? null, preloader.state(), current?.hasSound && sound.setting().muted);
  }

  /** @param {import('../arena/arena.js').Result} result */
  async function done(result) {
    if (!current) return;
    const { trial, arena } = current;
    const body = JSON.stringify(withBreaks(result, breaks.total()));
    drafts.end();
    arena.setBusy(true);
    await send(trial.key, body);
  }

  return {
    /** The key of the trial on the screen; null where there is none. */
    key: () => current?.trial.key ?? null,

    /** @param {Trial} trial @param {SessionView} view */
    open(trial, { playback, arena: looks, progress }) {
      breaks.reset();
      const element = byId('arena');
      const arena = mountArena(element, {
        clips: namedClips(trial, t),
        question: questionOf(trial, t, playback) ?? element.dataset.question ?? '',
        playback,
        looks,
        draft: drafts.draftOf(trial),
        sound: sound.setting(),
        t,
        onChange: drafts.changed,
        onDone: done,
        onClipError: onUnplayable,
      });
      current = { trial, arena, progress, hasSound: playback.sound };
      drafts.begin(trial, () => resultOf(arena));
      if (trial.purpose === 'practice') announce(practiceWords(t));
      showLoading();
      arena.focus();
    },

    /** Takes the trial off the screen, and what the bar says about it. Its draft stays where it is. */
    close() {
      if (!current) return;
      drafts.end();
      current.arena.destroy();
      current = null;
      retract(practiceWords(t));
      showLoading();
      for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    },

    /** The trial is with the server, or nobody's any more. */
    forgetDraft() {
      if (current) drafts.forget(current.trial.key);
    },

    /** The time left counts down while a trial is under way. */
    countDown() {
      if (!current) return;
      const { duration, hidden } = resultOf(current.arena);
      bar.progress(timeLeft(current.progress, (duration - hidden) / 60_000));
    },

    showLoading,
    focus: () => current?.arena.focus(),
    /** @param {import('../arena/player.js').Sound} setting */
    setSound: (setting) => current?.arena.setSound(setting),
    /** @param {import('./session.js').Clip} clip */
    clipReady: ({ id, sources }) => current?.arena.clipReady(id, sources),
    /** @param {string} id */
    clipFailed: (id) => current?.arena.clipFailed(id),
  };
}
