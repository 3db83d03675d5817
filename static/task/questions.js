// @ts-check
/**
 * The sheets of questions and the comment at the end. What is typed is kept in this browser until the server has it; the
 * answers go out through the outbox, as arrangements do.
 */
import { byId, elementOf, find } from '../page.js';
import { answersKey } from './entries.js';
import {
  answersIn,
  clearProblem,
  fill,
  focusOn,
  givenIn,
  nameOf,
  questionsIn,
  setBusy,
  statusOf,
  submitOf,
  tell,
  wireClearing,
} from './question-form.js';

const COMMENT = 'comment';

/**
 * @param {{store: Awaited<ReturnType<typeof import('./store.js').openStore>>,
 *   send: (key: string, body: string) => Promise<void>, t: import('./text.js').Translate}} parts
 */
export function wireQuestions({ store, send, t }) {
  const screen = byId('screen-questions');
  /** @type {string | null} */
  let session = null;
  /** @type {HTMLFormElement | null} */
  let form = null;

  for (const each of screen.querySelectorAll('form')) {
    each.addEventListener('input', (event) => {
      keep(each);
      clearProblem(elementOf(event).closest('.question'));
    });
    wireClearing(each, () => keep(each));
    each.addEventListener('submit', (event) => {
      event.preventDefault();
      handIn(each);
    });
  }

  /** @param {HTMLFormElement} of */
  function keep(of) {
    if (session === null) return;
    const body = JSON.stringify(Object.fromEntries(questionsIn(of).map((one) => [nameOf(one), givenIn(one)])));
    store.putDraft({ id: answersKey(session, of.dataset.sheet ?? ''), body, over: '' });
  }

  /** @param {HTMLFormElement} of */
  async function handIn(of) {
    if (session === null) return;
    const answers = answersIn(of, t);
    if (answers === null) return;
    keep(of);
    setBusy(of, true);
    await send(answersKey(session, of.dataset.sheet ?? ''), JSON.stringify({ answers }));
  }

  return {
    /**
     * Shows the questions of a sheet, with what was typed before; false where this page does not have it.
     * @param {string} of  the session's id
     * @param {string} sheet
     */
    open(of, sheet) {
      const next = [...screen.querySelectorAll('form')].find((each) => each.dataset.sheet === sheet) ?? null;
      if (!next) return false;
      for (const each of screen.querySelectorAll('form')) each.hidden = each !== next;
      find(screen, 'h1').textContent = next.dataset.title ?? '';
      session = of;
      form = next;
      setBusy(next, false);
      const kept = store.draft(answersKey(of, sheet));
      if (kept) fill(next, JSON.parse(kept.body));
      return true;
    },
    /**
     * The server did not accept the answers: it says to which question, if it can.
     * @param {string | undefined} field such as answers.age
     */
    refused(field) {
      if (!form) return;
      const element = questionsIn(form).find((one) => `answers.${nameOf(one)}` === field);
      const words = t('This answer was not accepted. Please check it.');
      if (element) {
        tell(element, words);
        focusOn(element);
      } else {
        statusOf(form).textContent = words;
      }
    },
    /** The state of the answers on their way, in words. @param {string} words */
    status(words) {
      if (form && submitOf(form).disabled) statusOf(form).textContent = words;
    },
    /** Forgets what was typed: the participant has withdrawn. @param {string} of */
    async forget(of) {
      const sheets = [...screen.querySelectorAll('form')].map((each) => each.dataset.sheet ?? '');
      for (const sheet of [...sheets, COMMENT]) await store.dropDraft(answersKey(of, sheet));
    },
  };
}

/**
 * The box for a comment at the end.
 * @param {{store: Awaited<ReturnType<typeof import('./store.js').openStore>>,
 *   send: (key: string, body: string) => Promise<void>}} parts
 */
export function wireComment({ store, send }) {
  const form = byId('comment-form', HTMLFormElement);
  const box = find(form, 'textarea', HTMLTextAreaElement);
  const button = submitOf(form);
  const back = find(byId('way-back'), '[data-back]', HTMLAnchorElement);
  /** @type {string | null} */
  let session = null;
  /** Whether the participant wants to be on the way back once the comment is saved. */
  let goesBack = false;

  const hasWords = () => !form.hidden && box.value.trim() !== '';

  async function handIn() {
    if (session === null || button.disabled) return;
    button.disabled = box.disabled = true;
    await send(answersKey(session, COMMENT), JSON.stringify({ answers: { [COMMENT]: box.value } }));
  }

  box.addEventListener('input', () => {
    if (session !== null)
      store.putDraft({ id: answersKey(session, COMMENT), body: JSON.stringify(box.value), over: '' });
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (hasWords()) handIn();
    else box.focus();
  });
  back.addEventListener('click', (event) => {
    // Whoever clicks again does not want to wait for it.
    if (!hasWords() || goesBack) return;
    event.preventDefault();
    goesBack = true;
    handIn();
  });

  return {
    /** @param {string} of  the session's id @param {boolean} wanted */
    open(of, wanted) {
      session = of;
      form.hidden = !wanted;
      button.disabled = box.disabled = false;
      const kept = store.draft(answersKey(of, COMMENT));
      if (kept) box.value = JSON.parse(kept.body);
    },
    /** Whether somebody writes a comment, which no automatic return may interrupt. */
    writes: () => !form.hidden && !button.disabled && (box.value !== '' || document.activeElement === box),
    /** Whether a comment is on its way. */
    waits: () => !form.hidden && button.disabled,
    /** The state of the comment on its way, in words. @param {string} words */
    status(words) {
      find(form, '[data-comment-status]').textContent = button.disabled ? words : '';
    },
    /** The server has it. */
    saved() {
      form.hidden = true;
      byId('comment-saved').hidden = false;
      byId('comment-saved').focus();
      if (goesBack) location.assign(back.href);
    },
  };
}
