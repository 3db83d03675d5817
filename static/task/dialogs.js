// @ts-check
/** The dialogs over the task: a break, help, and leaving the study. */
import { ApiError } from './api.js';
import { byId, given } from '../page.js';

/** @typedef {import('./session.js').SessionView} SessionView */

/**
 * @param {{t: import('./text.js').Translate, withdraw: () => Promise<SessionView>, onRest: () => void,
 *   onGoOn: () => void, onLeft: (view: SessionView) => void}} parts
 */
export function wireDialogs({ t, withdraw, onRest, onGoOn, onLeft }) {
  const [pause, help, leave] = ['pause', 'help', 'leave'].map((name) => byId(`${name}-dialog`, HTMLDialogElement));
  byId('pause').addEventListener('click', () => {
    onRest();
    pause.showModal();
  });
  // Also after Escape, and when the trial is taken off the screen under the dialog.
  pause.addEventListener('close', onGoOn);

  byId('help').addEventListener('click', () => {
    const how = /** @type {HTMLElement} */ (byId('how').cloneNode(true));
    how.removeAttribute('id');
    byId('help-content').replaceChildren(how);
    help.showModal();
  });

  byId('leave').addEventListener('click', () => {
    byId('leave-problem').hidden = true;
    leave.showModal();
  });
  byId('withdraw').addEventListener('click', async () => {
    try {
      const view = await withdraw();
      leave.close();
      onLeft(view);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      byId('leave-problem').textContent = error.refused ? error.message : t('No connection. Please try again.');
      byId('leave-problem').hidden = false;
    }
  });

  for (const button of document.querySelectorAll('[data-close-dialog]')) {
    button.addEventListener('click', () => given(button.closest('dialog')).close());
  }
}
