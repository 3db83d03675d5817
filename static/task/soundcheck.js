// @ts-check
/**
 * The sound check before the task: beeps to be counted. Only the right number leads on, and each try has another number.
 * It is asked once on each device; headphones that were plugged in there say nothing about those here.
 */
import { playBeeps } from './beeps.js';
import { byId, elementOf, find } from '../page.js';

const KEY = 'asterism-heard';
const [MIN_BEEPS, MAX_BEEPS] = [2, 5];

/**
 * @param {{sound: ReturnType<typeof import('./sound.js').createSound>, onPassed: () => void,
 *   log: (kind: string, detail: object) => void, t: import('./text.js').Translate,
 *   storage?: () => Storage}} parts
 * @returns {{isPassed: (session: string) => boolean, pass: (session: string) => void, begin: (session: string) => void}}
 */
export function wireSoundCheck({ sound, onPassed, log, t, storage = () => localStorage }) {
  const screen = byId('screen-sound');
  const play = find(screen, '[data-play]', HTMLButtonElement);
  const answers = find(screen, '[data-answers]', HTMLFieldSetElement);
  const verdict = find(screen, '[data-verdict]');
  const help = find(screen, '[data-help]');
  const passed = new Set();
  let session = '';
  let beeps = 0;
  let tries = 0;

  /** @param {string} words */
  function say(words) {
    verdict.textContent = words;
  }

  play.addEventListener('click', async () => {
    const { muted, volume } = sound.setting();
    if (muted) {
      say(t('The sound is off on this page. Turn it on with the loudspeaker at the top.'));
      return;
    }
    play.disabled = answers.disabled = true;
    say(t('Listen …'));
    beeps = MIN_BEEPS + Math.floor(Math.random() * (MAX_BEEPS - MIN_BEEPS + 1));
    const played = await playBeeps(beeps, volume);
    play.disabled = false;
    play.textContent = t('Play the beeps again');
    answers.disabled = !played;
    say(played ? '' : t('No sound came from this device. Please connect headphones or loudspeakers, then try again.'));
    if (played) find(answers, 'button').focus();
    else failed({ played });
  });

  answers.addEventListener('click', (event) => {
    const answer = Number(elementOf(event).closest('button')?.value ?? NaN);
    if (Number.isNaN(answer)) return;
    if (answer !== beeps) {
      answers.disabled = true;
      say(t('That is not the number of beeps. Please play them again.'));
      failed({ beeps, answer });
      play.focus();
      return;
    }
    log('sound_check', { passed: true, tries: tries + 1, volume: sound.setting().volume });
    pass(session);
    onPassed();
  });

  /** @param {{played: boolean} | {beeps: number, answer: number}} how */
  function failed(how) {
    tries += 1;
    help.hidden = false;
    log('sound_check', { passed: false, tries, ...how });
  }

  /** @param {string} of */
  function pass(of) {
    passed.add(of);
    try {
      storage().setItem(KEY, of);
    } catch {
      // No storage in this browser: a reload asks again.
    }
  }

  return {
    isPassed(of) {
      try {
        if (storage().getItem(KEY) === of) passed.add(of);
      } catch {
        // As above.
      }
      return passed.has(of);
    },
    pass,
    begin(of) {
      session = of;
      tries = 0;
      answers.disabled = true;
      help.hidden = true;
      play.textContent = t('Play the beeps');
      say('');
    },
  };
}
