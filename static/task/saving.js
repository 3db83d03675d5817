// @ts-check
/**
 * The state of saving, in words. Pure.
 *
 * @typedef {'connection' | 'server' | null} Problem
 * @typedef {{waiting: number, problem: Problem, refused: object | null}} Outgoing  the state of the outbox
 * @typedef {{unsaved: boolean, problem: Problem}} Unsaved  the state of the draft
 */

/**
 * @param {Outgoing} outbox
 * @param {Unsaved} drafts
 * @param {{persistent: boolean}} store
 * @param {import('./text.js').Translate} t
 * @returns {{state: 'saved' | 'saving' | 'trouble', words: string}}
 */
export function savingState(outbox, drafts, { persistent }, t) {
  if (outbox.refused) return { state: 'trouble', words: t('Not accepted by the server. Your work is kept.') };
  const problem = outbox.problem ?? drafts.problem;
  if (problem) {
    const what =
      problem === 'connection' ? t('Not saved yet: no connection.') : t('Not saved yet: the server is busy.');
    const kept = persistent
      ? t('Your work is kept on this computer. We will keep trying.')
      : t('Please keep this page open. We will keep trying.');
    return { state: 'trouble', words: `${what} ${kept}` };
  }
  if (outbox.waiting || drafts.unsaved) return { state: 'saving', words: t('Saving…') };
  return { state: 'saved', words: t('All saved') };
}

/**
 * True while closing the page could lose work, or would leave a finished arrangement behind.
 * @param {Outgoing} outbox
 * @param {Unsaved} drafts
 * @param {{persistent: boolean}} store
 */
export function closingLoses(outbox, drafts, { persistent }) {
  return outbox.waiting > 0 || drafts.problem !== null || (drafts.unsaved && !persistent);
}
