// @ts-check
/**
 * The task page: asks the server how far this session has come, shows that, and brings every arrangement safely to the
 * server. The server decides what comes next; nothing here does.
 *
 * Over 300 lines: it ties the task's modules together; each screen's own code is in a module of its own.
 */
import { byId, find, given } from '../page.js';
import { ApiError, createApi } from './api.js';
import { createAsking } from './asking.js';
import { createBar } from './bar.js';
import { createBreaks } from './breaks.js';
import { wireDialogs } from './dialogs.js';
import { randomId } from './digest.js';
import { createDrafts } from './drafts.js';
import { isArrangement, sendBy, sheetOfKey } from './entries.js';
import { announceNext, fillFeedback } from './feedback.js';
import { createOutbox } from './outbox.js';
import { wirePilot } from './pilot.js';
import { createPreloader } from './preload.js';
import { wireRating } from './rating.js';
import { wireComment, wireQuestions } from './questions.js';
import { wireRefused } from './refused.js';
import { createReturn } from './returning.js';
import { fillWayBack, showScreen } from './screens.js';
import { savingState } from './saving.js';
import { screenOf } from './session.js';
import { createSound } from './sound.js';
import { wireSoundCheck } from './soundcheck.js';
import { openStore } from './store.js';
import { watchTabs } from './tabs.js';
import { stringsOf, translator } from './text.js';
import { createTrialScreen } from './trial.js';

/** ms between two questions whether the next trial is ready. */
const ASK_AGAIN = 3_000;
/** ms in which a device that has lost the session sends its last draft. */
const LAST_DRAFT = 3_000;
/** ms between two looks at the time left. */
const COUNT_DOWN = 10_000;
/** Screens that have the way back to the recruiter. */
const ENDS = new Set(['thanks', 'screened-out', 'quota-full', 'withdrawn']);

const token = decodeURIComponent(location.pathname.split('/').filter(Boolean).at(-1) ?? '');
const tab = randomId();
const t = translator(stringsOf(document));
const api = createApi({ token, tab });
const answerTo = createAsking(t);
const store = await openStore();
const bar = createBar(t, store);
const outbox = createOutbox({
  store,
  token,
  session: () => session,
  submit: sendBy(api),
  onChange: showSaving,
  onAcked: acked,
});
const drafts = createDrafts({ store, send: api.draft, onChange: showSaving, onRefused: draftRefused });
const preloader = createPreloader({
  onChange: () => trialScreen.showLoading(),
  onReady: clipReady,
  onFailed: clipFailed,
  fromBucket: document.querySelector('main[data-from-bucket]') !== null,
});
const questions = wireQuestions({ store, send: outbox.add, t });
const comment = wireComment({ store, send: outbox.add });
const returning = createReturn({ t, waits: () => comment.waits() || outbox.state().waiting > 0, busy: comment.writes });
const breaks = createBreaks();
const rating = wireRating({ store, send: outbox.add, breaks, onUnplayable: clipUnplayable, t });
const sound = createSound({ onChange: soundChanged });
const trialScreen = createTrialScreen({
  bar,
  breaks,
  drafts,
  preloader,
  sound,
  send: outbox.add,
  onUnplayable: clipUnplayable,
  t,
});
const soundCheck = wireSoundCheck({ sound, onPassed: () => apply(given(afterSoundCheck)), log, t });
const showRefusal = wireRefused({ outbox, onAside: enter, t });
const tabs = watchTabs({ onTaken: (taken) => taken === session && goneElsewhere(), send: drafts.flush });

/**
 * @typedef {import('./session.js').SessionView} SessionView
 * @typedef {import('./session.js').Clip} Clip
 */

/**
 * The session's public id, once the server has named it.
 * @type {string | null}
 */
let session = null;
/**
 * What the server said comes next, while the feedback of a practice round is read.
 * @type {SessionView | null}
 */
let afterFeedback = null;
/**
 * What the server said comes next, while the sound check goes on before it.
 * @type {SessionView | null}
 */
let afterSoundCheck = null;
/** Counts visits of `enter`, so that an answer that comes too late changes nothing. */
let visit = 0;

/** Takes the session for this tab and shows how far it has come. */
async function enter() {
  const mine = (visit += 1);
  closeTrialOrRating();
  showScreen('loading');
  await tabs.ask();
  const leased = await answerTo(api.lease, () => mine === visit);
  /** @type {SessionView | null} */
  let view = leased;
  if (leased?.draft_coming) {
    // Another device was at work a moment ago: what it had not sent yet comes within two seconds.
    await new Promise((resolve) => setTimeout(resolve, LAST_DRAFT));
    view = await answerTo(api.view, () => mine === visit);
  }
  if (!view) return;
  session = view.session.id;
  tabs.taken(session);
  if (outbox.state().refused) {
    bar.progress(view.progress);
    showRefused();
  } else if (outbox.state().waiting) {
    bar.progress(view.progress);
    showSending();
    outbox.start();
  } else {
    apply(view);
  }
}

/** @param {import('./session.js').SessionView} next */
function apply(next) {
  bar.progress(next.progress);
  if (next.arena?.background === 'grey') document.documentElement.dataset.background = 'grey';
  const screen = screenOf(next);
  const trial = screen === 'trial' ? next.trial : null;
  if (trial && trialScreen.key() === trial.key) return;
  const toRate = screen === 'rating' ? (next.rating ?? null) : null;
  if (toRate && document.body.dataset.screen === 'rating' && rating?.isOpen(toRate)) return;
  closeTrialOrRating();
  preloader.want(toRate ? { clips: [toRate.now.clip] } : next.trial, next.upcoming);
  sound.show(next.playback.sound);
  if ((trial || toRate) && next.playback.sound && !soundCheck.isPassed(next.session.id)) {
    afterSoundCheck = next;
    soundCheck.begin(next.session.id);
    showScreen('sound');
    return;
  }
  if (next.questions && screen === 'questions' && !questions.open(next.session.id, next.questions.sheet)) {
    // The study was changed while this page was open.
    location.reload();
    return;
  }
  const element = showScreen(screen);
  if (trial) trialScreen.open(trial, next);
  if (toRate) given(rating).open(toRate, next.playback, sound.setting());
  if (ENDS.has(screen)) {
    fillWayBack(element, next.completion, t);
    returning.begin(next.completion);
  }
  if (screen === 'thanks') comment.open(next.session.id, next.comment);
  if (screen === 'preparing') setTimeout(askAgain, ASK_AGAIN);
  showSaving();
}

/** The server had no trial ready; it may have one now. */
async function askAgain() {
  const view = await answerTo(api.view, () => document.body.dataset.screen === 'preparing');
  if (view) apply(view);
}

/** @param {import('../arena/player.js').Sound} setting */
function soundChanged(setting) {
  trialScreen.setSound(setting);
  rating?.setSound(setting);
  trialScreen.showLoading();
}

/** Takes a trial or a rating off the screen. */
function closeTrialOrRating() {
  rating?.close();
  trialScreen.close();
}

/** @param {import('./store.js').Entry} entry @param {SessionView} next */
function acked(entry, next) {
  drafts.forget(entry.key);
  if (outbox.state().waiting) return;
  bar.progress(next.progress);
  const { screen } = document.body.dataset;
  if (screen === 'thanks' && !next.comment) {
    comment.saved();
  } else if (screen === 'loading') {
    // The answer to the lease may be older than this one; ask again.
    enter();
  } else if (next.practice && screen !== 'elsewhere') {
    showFeedback(next, next.practice);
  } else if (screen !== 'elsewhere') {
    apply(next);
  }
}

/**
 * The server has judged a practice round.
 * @param {SessionView} next
 * @param {NonNullable<SessionView['practice']>} practice
 */
function showFeedback(next, practice) {
  afterFeedback = next;
  closeTrialOrRating();
  const screen = showScreen('feedback');
  fillFeedback(screen, practice, t);
  announceNext(screen, next, t);
}

/** A pilot's trial was placed by the server. @param {SessionView} next */
function placed(next) {
  trialScreen.forgetDraft();
  if (next.practice) showFeedback(next, next.practice);
  else apply(next);
}

/** Another tab or device has the session now. What is finished still goes out from here. */
function goneElsewhere() {
  visit += 1;
  closeTrialOrRating();
  showScreen('elsewhere');
}

/** @param {ApiError} error */
function draftRefused(error) {
  const key = trialScreen.key();
  if (error.status !== 409 || key === null) return;
  if (error.code === 'elsewhere') goneElsewhere();
  else look();
  drafts.forget(key);
}

/** Asks how far the session has come, without taking it: another device may have gone on with it. */
async function look() {
  const mine = visit;
  if (outbox.state().waiting) return;
  try {
    const view = await api.view();
    if (mine === visit && !outbox.state().waiting) apply(view);
  } catch (error) {
    // Only a look: the next one, or the next thing that is saved, will tell.
    if (!(error instanceof ApiError)) throw error;
  }
}

function showSaving() {
  const sending = outbox.state();
  bar.saving(sending, drafts.state());
  const { words } = savingState(sending, drafts.state(), store, t);
  questions.status(words);
  rating?.status(words);
  comment.status(words);
  if (sending.refused && document.body.dataset.screen !== 'elsewhere') showRefused();
}

/** @param {Clip} clip */
function clipReady(clip) {
  trialScreen.clipReady(clip);
  rating?.clipReady(clip);
}

/** @param {Clip} clip @param {string} url @param {string} reason @param {'poster' | 'clip'} kind */
function clipFailed(clip, url, reason, kind) {
  if (kind === 'clip') trialScreen.clipFailed(clip.id);
  log('clip_failed', { clip: clip.id, url: new URL(url, location.href).pathname, reason });
}

/** @param {string} id */
function clipUnplayable(id) {
  preloader.reject(id);
  log('clip_failed', { clip: id, reason: 'none of its files can be played' });
}

/**
 * Notes something for the experimenter. Nothing depends on its arrival.
 * @param {string} kind
 * @param {object} detail
 */
function log(kind, detail) {
  api.event(kind, detail).catch((error) => console.warn('Not logged:', kind, error.message));
}

function showRefused() {
  if (document.body.dataset.screen === 'refused') return;
  const { refused } = outbox.state();
  if (refused?.refused?.code === 'ended') {
    // Withdrawn or finished on another device: there is nothing to decide, only to see.
    outbox.setAside().then(enter);
    return;
  }
  closeTrialOrRating();
  if (isArrangement(refused?.key ?? '')) showRefusal();
  else answersRefused(given(refused));
}

/**
 * The answers to a sheet of questions, or about a clip, were not accepted. Where others are there already, or the session
 * is over, there is nothing to decide; otherwise the questions are shown again, with what was given.
 * @param {import('./store.js').Entry} entry
 */
async function answersRefused({ key, refused }) {
  await outbox.drop();
  if (refused?.status === 409) await drafts.forget(key);
  await enter();
  if (sheetOfKey(key) !== null) questions.refused(refused?.field);
  else rating?.refused(refused?.field);
}

/** What an earlier page left behind is on its way. */
function showSending() {
  const ofAnswers = store.entries().some((entry) => entry.session === session && !isArrangement(entry.key));
  find(document, '#screen-sending [data-of-arrangement]').hidden = ofAnswers;
  find(document, '#screen-sending [data-of-answers]').hidden = !ofAnswers;
  showScreen('sending');
}

function rest() {
  breaks.rest();
  log('pause', { trial: trialScreen.key() ?? undefined });
}

function goOn() {
  breaks.goOn();
  log('resume', { trial: trialScreen.key() ?? undefined });
  trialScreen.focus();
}

/** @param {SessionView} view */
async function left(view) {
  trialScreen.forgetDraft();
  closeTrialOrRating();
  await outbox.clear();
  if (session !== null) await questions.forget(session);
  apply(view);
}

/** What a page before this one left behind for other sessions, as on a laboratory's shared computer. */
function sendForOthers() {
  const others = new Map(store.entries().map((entry) => [entry.session, entry.token]));
  for (const [other, itsToken] of others) {
    if (other === session) continue;
    const submit = sendBy(createApi({ token: itsToken, tab }));
    createOutbox({ store, token: itsToken, session: () => other, submit }).start();
  }
}

/** What waits for a better moment need not wait any longer. */
function retryAll() {
  outbox.retryNow();
  drafts.now();
  preloader.retry();
}

function listen() {
  /** @param {string} id @param {() => void} act */
  const on = (id, act) => byId(id).addEventListener('click', act);
  on('start', async () => {
    const start = byId('start', HTMLButtonElement);
    start.disabled = true;
    const next = await answerTo(api.start);
    start.disabled = false;
    if (next) apply(next);
  });
  on('go-on-after-feedback', () => apply(given(afterFeedback)));
  on('take-back', enter);
  on('reload', () => location.reload());
  on('retry', preloader.retry);
  find(document, '#screen-sending [data-retry]').addEventListener('click', outbox.retryNow);
  wirePilot({
    call: api.pilot,
    flush: drafts.flush,
    show: placed,
    leave: closeTrialOrRating,
    passSoundCheck: soundCheck.pass,
  });
  wireDialogs({ t, withdraw: api.withdraw, onRest: rest, onGoOn: goOn, onLeft: left });

  addEventListener('online', retryAll);
  addEventListener('error', ({ message }) => log('page_error', { message }), { once: true });
  addEventListener('unhandledrejection', ({ reason }) => log('page_error', { message: String(reason) }), {
    once: true,
  });
  document.addEventListener('visibilitychange', () => {
    breaks.visibility(document.hidden);
    if (document.hidden) {
      drafts.farewell();
    } else {
      outbox.retryNow();
      if (trialScreen.key() !== null || document.body.dataset.screen === 'rating') look();
    }
  });
  addEventListener('pagehide', drafts.farewell);
  // A page that comes back out of the browser's memory (back button) may be long out of date.
  addEventListener('pageshow', ({ persisted }) => persisted && enter());
}

listen();
setInterval(trialScreen.countDown, COUNT_DOWN);
await enter();
sendForOthers();
