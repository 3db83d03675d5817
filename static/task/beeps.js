// @ts-check
/** Beeps to count, made with Web Audio: no file that could fail to load. */

const PITCH = 660; // Hz
const LONG = 0.25; // s
const APART = 0.55; // s from one beep to the next
/** ms. A context without a sound device may never start, and says nothing. */
const PATIENCE = 3_000;

/**
 * @param {number} count
 * @param {number} volume  0 to 1
 * @returns {Promise<boolean>} whether they were played, once they are over; false where this device gives no sound
 */
export async function playBeeps(count, volume) {
  const Context = globalThis.AudioContext;
  if (!Context) return false;
  let context;
  try {
    context = new Context();
    await within(context.resume(), PATIENCE);
    const start = context.currentTime + 0.1;
    for (let beep = 0; beep < count; beep += 1) schedule(context, start + beep * APART, volume);
    const seconds = 0.2 + count * APART;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return context.currentTime > start;
  } catch {
    return false;
  } finally {
    context?.close().catch(() => {});
  }
}

/**
 * Rises and falls softly: a tone that is cut clicks.
 * @param {AudioContext} context
 * @param {number} at
 * @param {number} volume
 */
function schedule(context, at, volume) {
  const tone = context.createOscillator();
  const gain = context.createGain();
  tone.frequency.value = PITCH;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume / 2, at + 0.02);
  gain.gain.setValueAtTime(volume / 2, at + LONG - 0.04);
  gain.gain.linearRampToValueAtTime(0, at + LONG);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + LONG);
}

/** @template T @param {Promise<T>} promise @param {number} ms @returns {Promise<T>} */
function within(promise, ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the sound does not start')), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
