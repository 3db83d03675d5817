/** Tells the other tabs of this browser at once when one of them takes a session over. */

/**
 * @param {string} session  the same in all tabs of the session, and not its token
 * @param {string} tab
 * @param {() => void} onTaken  another tab has taken the session over
 * @returns {() => void} to be called when this tab takes it
 */
export function watchTabs(session, tab, onTaken) {
  if (!globalThis.BroadcastChannel) return () => {};
  const channel = new BroadcastChannel('asterism');
  channel.onmessage = ({ data }) => {
    if (data.session === session && data.tab !== tab) onTaken();
  };
  return () => channel.postMessage({ session, tab });
}
