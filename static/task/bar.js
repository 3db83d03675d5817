// @ts-check
/** The bar over the task: how far along, the state of saving in words, and how loading goes. */
import { closingLoses, savingState } from './saving.js';
import { byId } from '../page.js';
import { progressWords } from './session.js';

/** @param {import('./text.js').Translate} t */
export const practiceWords = (t) => t('This is a practice round.');

/**
 * @param {import('./text.js').Translate} t
 * @param {{persistent: boolean}} store
 */
export function createBar(t, store) {
  let furthest = 0;
  let trouble = false;
  let clipsFailed = false;

  /** Saving needs no button, it goes on by itself; clips do. While saving is in trouble its words need the room. */
  function showRetry() {
    byId('retry').hidden = trouble || !clipsFailed;
    byId('loading').hidden = trouble;
  }

  return {
    /**
     * Progress never goes back on the screen.
     * @param {import('./session.js').Progress} progress
     */
    progress(progress) {
      furthest = Math.max(furthest, progress.fraction);
      byId('progress', HTMLProgressElement).value = furthest;
      byId('progress-words').textContent = progressWords({ ...progress, fraction: furthest }, t);
    },

    /** @param {import('./saving.js').Outgoing} outbox @param {import('./saving.js').Unsaved} drafts */
    saving(outbox, drafts) {
      const { state, words } = savingState(outbox, drafts, store, t);
      const line = byId('saving');
      // A screen reader hears of trouble and of its end; "Saving…" every few seconds would only disturb.
      if (state === 'trouble' && line.textContent !== words) announce(words);
      if (state === 'saved' && trouble) announce(words);
      if (state !== 'saving') trouble = state === 'trouble';
      line.textContent = words;
      line.dataset.state = state;
      showRetry();
      if (closingLoses(outbox, drafts, store)) addEventListener('beforeunload', askBeforeClosing);
      else removeEventListener('beforeunload', askBeforeClosing);
    },

    /** @param {import('./session.js').Trial | null} trial  on the screen @param {{total: number, ready: number, failed: number}} clips @param {boolean} muted  the clips' sound is off */
    loading(trial, { total, ready, failed }, muted = false) {
      const running = total > ready + failed;
      let words = '';
      if (trial?.purpose === 'practice') words = practiceWords(t);
      if (!store.persistent)
        words = t('This browser cannot keep a copy: keep this page open until everything is saved.');
      if (muted) words = t('The sound is off.');
      if (running) words = t('Loading clips: {ready} of {total}', { ready, total });
      else if (failed) words = t('Clips that could not be loaded: {failed}.', { failed });
      byId('loading').textContent = trial ? words : '';
      clipsFailed = Boolean(trial && failed && !running);
      showRetry();
    },
  };
}

/**
 * Lets a screen reader say something.
 * @param {string} words
 */
export function announce(words) {
  byId('announcer').textContent = words;
}

/**
 * Takes back what is no longer true, so that a screen reader does not find it on the page.
 * @param {string} words
 */
export function retract(words) {
  if (byId('announcer').textContent === words) announce('');
}

/** @param {Event} event */
function askBeforeClosing(event) {
  event.preventDefault();
}
