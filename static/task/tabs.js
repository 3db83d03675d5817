/** Tells the other tabs of this browser at once when one of them takes a session over. */

/**
 * @param {(session: string) => void} onTaken  another tab has taken this session (its public id)
 * @returns {(session: string) => void} to be called when this tab takes a session
 */
export function watchTabs(onTaken) {
  if (!globalThis.BroadcastChannel) return () => {};
  const channel = new BroadcastChannel('asterism');
  // A channel does not hear itself.
  channel.onmessage = ({ data }) => onTaken(data.session);
  return (session) => channel.postMessage({ session });
}
