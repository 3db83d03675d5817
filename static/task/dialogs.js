/** The dialogs over the task: a break, help, and leaving the study. */
import { ApiError } from './api.js';
import { byId } from './screens.js';

/**
 * @param {{t: (text: string, params?: object) => string, withdraw: () => Promise<object>, onRest: () => void,
 *   onGoOn: () => void, onLeft: (view: object) => void}} parts
 */
export function wireDialogs({ t, withdraw, onRest, onGoOn, onLeft }) {
  const [pause, help, leave] = ['pause', 'help', 'leave'].map((name) => byId(`${name}-dialog`));
  byId('pause').addEventListener('click', () => {
    onRest();
    pause.showModal();
  });
  // Also after Escape, and when the trial is taken off the screen under the dialog.
  pause.addEventListener('close', onGoOn);

  byId('help').addEventListener('click', () => {
    const how = byId('how').cloneNode(true);
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
    button.addEventListener('click', () => button.closest('dialog').close());
  }
}
