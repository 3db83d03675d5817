/** The state of saving, in words. Pure. */

/**
 * @param {{waiting: number, problem: 'connection' | 'server' | null, refused: object | null}} outbox
 * @param {{unsaved: boolean, problem: 'connection' | 'server' | null}} drafts
 * @param {{persistent: boolean}} store
 * @param {(text: string, params?: object) => string} t
 * @returns {{state: 'saved' | 'saving' | 'trouble', words: string}}
 */
export function savingState(outbox, drafts, { persistent }, t) {
  if (outbox.refused) return { state: 'trouble', words: t('Not accepted by the server. Your work is kept.') };
  const problem = outbox.problem ?? drafts.problem;
  if (problem) {
    const what =
      problem === 'connection' ? t('Not saved yet: no connection.') : t('Not saved yet: the server is busy.');
    const kept = persistent
      ? t('Your work is kept on this computer, we keep trying.')
      : t('Please keep this page open, we keep trying.');
    return { state: 'trouble', words: `${what} ${kept}` };
  }
  if (outbox.waiting || drafts.unsaved) return { state: 'saving', words: t('Saving…') };
  return { state: 'saved', words: t('All saved') };
}

/** True while closing the page could lose work, or would leave a finished arrangement behind. */
export function closingLoses(outbox, drafts, { persistent }) {
  return outbox.waiting > 0 || drafts.problem !== null || (drafts.unsaved && !persistent);
}
