// @ts-check
/** The participant's own sound setting: mute and volume in the bar, remembered by this browser. */
import { byId } from '../page.js';

const KEY = 'asterism-sound';
/** Of full volume: below that nothing would be heard, and there is a button for that. */
const SOFTEST = 0.1;

/**
 * @param {{onChange: (setting: {muted: boolean, volume: number}) => void, storage?: () => Storage}} parts
 * @returns {{setting: () => {muted: boolean, volume: number}, show: (wanted: boolean) => void}} show: whether the study
 *   has sound at all
 */
export function createSound({ onChange, storage = () => localStorage }) {
  const mute = byId('mute');
  const volume = byId('volume', HTMLInputElement);
  let setting = remembered(storage);

  function draw() {
    mute.setAttribute('aria-pressed', String(setting.muted));
    volume.value = String(Math.round(setting.volume * 100));
  }

  /** @param {Partial<import('../arena/player.js').Sound>} next */
  function change(next) {
    setting = { ...setting, ...next };
    draw();
    try {
      storage().setItem(KEY, JSON.stringify(setting));
    } catch {
      // No storage in this browser: the setting then lasts as long as the page.
    }
    onChange(setting);
  }

  mute.addEventListener('click', () => change({ muted: !setting.muted }));
  // Who moves the slider wants to hear something.
  volume.addEventListener('input', () => change({ volume: Number(volume.value) / 100, muted: false }));
  draw();
  return {
    setting: () => setting,
    show(wanted) {
      byId('sound').hidden = !wanted;
      byId('bar').classList.toggle('has-sound', wanted);
    },
  };
}

/** @param {() => Storage} storage @returns {import('../arena/player.js').Sound} */
function remembered(storage) {
  const fallback = { muted: false, volume: 1 };
  try {
    const { muted, volume } = JSON.parse(storage().getItem(KEY) ?? 'null') ?? fallback;
    return { muted: muted === true, volume: volume >= SOFTEST && volume <= 1 ? volume : 1 };
  } catch {
    return fallback;
  }
}
