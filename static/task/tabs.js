// @ts-check
/**
 * Tabs of this browser tell each other who has a session: before one takes it, the others send what they have not sent
 * yet, so that nothing placed there is missing here; afterwards they learn at once that it is taken.
 */
import { randomId } from './digest.js';

/** ms in which another tab answers that it is there, and in which it has sent what it had. */
const ANYBODY = 200;
const SENT = 3_000;

/**
 * @param {{onTaken: (session: string) => void, send: () => Promise<void>}} parts  onTaken: another tab has taken this
 *   session (its public id); send: sends what is unsent here
 * @returns {{ask: () => Promise<void>, taken: (session: string) => void}} ask: to be awaited before a session is taken;
 *   taken: to be called afterwards
 */
export function watchTabs({ onTaken, send }) {
  if (!globalThis.BroadcastChannel) return { ask: async () => {}, taken: () => {} };
  const channel = new BroadcastChannel('asterism');
  const busy = new Set();
  const me = randomId();
  let heard = () => {};

  // A channel does not hear itself.
  channel.onmessage = async ({ data: { session, ask, here, sent, to } }) => {
    if (session) onTaken(session);
    if (here && to === me) busy.add(here);
    if (sent && to === me) busy.delete(sent);
    if (to === me) heard();
    if (!ask) return;
    channel.postMessage({ here: me, to: ask });
    await send();
    channel.postMessage({ sent: me, to: ask });
  };

  return {
    async ask() {
      busy.clear();
      channel.postMessage({ ask: me });
      await wait(ANYBODY);
      /** @type {Promise<void>} */
      const sent = new Promise((resolve) => {
        heard = () => {
          if (!busy.size) resolve();
        };
      });
      if (busy.size) await Promise.race([wait(SENT), sent]);
      heard = () => {};
    },
    taken: (session) => channel.postMessage({ session }),
  };
}

/** @param {number} ms @returns {Promise<void>} */
function wait(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
