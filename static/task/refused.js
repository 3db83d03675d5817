/** The screen of an arrangement that the server did not accept: why, a copy to keep, another try, or going on without it. */
import { byId, download, showScreen } from './screens.js';

/**
 * @param {{outbox: ReturnType<typeof import('./outbox.js').createOutbox>, onAside: () => void,
 *   t: (text: string, params?: object) => string}} parts  onAside: the participant goes on without it
 * @returns {() => void} shows the outbox's refused arrangement
 */
export function wireRefused({ outbox, onAside, t }) {
  const screen = byId('screen-refused');
  const on = (name, act) => screen.querySelector(`[data-${name}]`).addEventListener('click', act);
  on('download', () => {
    const { key, body } = outbox.state().refused;
    download(`arrangement-${key}.json`, body);
  });
  on('again', () => {
    showScreen('sending');
    outbox.tryAgain();
  });
  on('aside', async () => {
    await outbox.setAside();
    onAside();
  });

  return () => {
    const { status, message } = outbox.state().refused.refused;
    const words = {
      413: t('It is too large for the server.'),
      409: t('It had already been saved from another window, in another form.'),
    };
    screen.querySelector('[data-reason]').textContent = words[status] ?? message;
    showScreen('refused');
  };
}
