// @ts-check
/**
 * The automatic return to the recruiter: the seconds are in sight, a button stops them, and the page is left only when
 * nothing of the participant's waits in it.
 */
import { byId, find } from '../page.js';

/** ms */
const SECOND = 1000;

/**
 * What the count-down does next. Pure.
 * @param {number} left  seconds
 * @param {{hidden: boolean, waits: boolean}} page  whether it is out of sight, and whether something waits to be saved
 * @returns {{left: number, leaves: boolean}} it stands still while nobody can see it, and at its end while something waits
 */
export function tick(left, { hidden, waits }) {
  if (hidden) return { left, leaves: false };
  const next = Math.max(left - 1, 0);
  return { left: next, leaves: next === 0 && !waits };
}

/**
 * @param {{t: import('./text.js').Translate, waits?: () => boolean, busy?: () => boolean, leave?: (url: string) => void}} parts
 *   waits: whether something is on its way to the server; busy: whether the participant writes something
 */
export function createReturn({ t, waits = () => false, busy = () => false, leave = (url) => location.assign(url) }) {
  const block = find(byId('way-back'), '[data-return]');
  const words = find(block, '[data-return-words]');
  const stopButton = find(block, '[data-return-stop]', HTMLButtonElement);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let timer;
  let begun = false;

  /** @param {number} left */
  function show(left) {
    if (left > 0) words.textContent = t('You will be taken back in {n} s.', { n: left });
    else words.textContent = waits() ? t('You will be taken back once everything is saved.') : t('Taking you back …');
  }

  function stop() {
    clearInterval(timer);
    timer = undefined;
    stopButton.hidden = true;
    words.textContent = t('This page stays open. Use the button when you want to go back.');
  }

  stopButton.addEventListener('click', () => {
    stop();
    byId('announcer').textContent = words.textContent;
    // The button that had the focus is gone.
    find(byId('way-back'), '[data-back]').focus();
  });

  return {
    /** Once for each page, however often the last screen is shown. @param {import('./session.js').SessionView['completion']} completion */
    begin(completion) {
      const { url, seconds } = completion ?? {};
      if (begun || !url || !seconds || !/^https?:\/\//i.test(url)) return;
      begun = true;
      let left = seconds;
      block.hidden = false;
      show(left);
      byId('announcer').textContent = t('You will be taken back in {n} s.', { n: left });
      timer = setInterval(() => {
        if (busy()) {
          stop();
          return;
        }
        const next = tick(left, { hidden: document.hidden, waits: waits() });
        left = next.left;
        show(left);
        if (!next.leaves) return;
        clearInterval(timer);
        leave(url);
      }, SECOND);
    },
  };
}
