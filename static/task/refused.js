// @ts-check
/** The screen of an arrangement that the server did not accept: why, a copy to keep, another try, or going on without it. */
import { byId, find, given } from '../page.js';
import { download, showScreen } from './screens.js';

/**
 * @param {{outbox: ReturnType<typeof import('./outbox.js').createOutbox>, onAside: () => void,
 *   t: import('./text.js').Translate}} parts  onAside: the participant goes on without it
 * @returns {() => void} shows the outbox's refused arrangement
 */
export function wireRefused({ outbox, onAside, t }) {
  const screen = byId('screen-refused');
  /** @param {string} name @param {() => void} act */
  const on = (name, act) => find(screen, `[data-${name}]`).addEventListener('click', act);
  on('download', () => {
    const { key, body } = given(outbox.state().refused);
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
    const { status, message } = given(outbox.state().refused?.refused);
    /** @type {Record<number, string>} */
    const words = {
      413: t('It is too large for the server.'),
      409: t('A different version had already been saved from another window.'),
    };
    find(screen, '[data-reason]').textContent = words[status] ?? message;
    showScreen('refused');
  };
}
