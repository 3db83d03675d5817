// @ts-check
/** Before consent: says whether this window and this screen are large enough for the study, and the device is one for it. */

/**
 * @param {{width: number, height: number}} window  its inside, CSS pixels
 * @param {{width: number, height: number}} screen  CSS pixels
 * @param {number} least  of each side
 * @returns {'fits'|'window'|'screen'} what is too small: the window, which can be changed, or the whole screen
 */
export function judgeFit(window, screen, least) {
  if (Math.min(window.width, window.height) >= least) return 'fits';
  return Math.min(screen.width, screen.height) >= least ? 'window' : 'screen';
}

/**
 * @param {string | undefined} devices  of the study: any, or mouse
 * @param {boolean} hasFine  whether the device has a mouse, a trackpad or a pen
 * @returns {boolean} whether somebody can take part with it
 */
export const fitsDevice = (devices, hasFine) => devices !== 'mouse' || hasFine;

/**
 * Shows the note that fits, and follows the window's size and the device's pointers. Nobody can agree on a screen that
 * will never do, or with a device that does not.
 * @param {Document} page
 * @param {HTMLElement} note
 */
function followSize(page, note) {
  const fine = matchMedia('(any-pointer: fine)');
  const tell = () => {
    const { clientWidth: width, clientHeight: height } = page.documentElement;
    const fit = fitsDevice(note.dataset.devices, fine.matches)
      ? judgeFit({ width, height }, screen, Number(note.dataset.minWindow))
      : 'device';
    note.hidden = fit === 'fits';
    for (const words of /** @type {NodeListOf<HTMLElement>} */ (note.querySelectorAll('[data-for]'))) {
      words.hidden = words.dataset.for !== fit;
    }
    const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll('form button:not(.quiet)'));
    for (const agree of buttons) agree.disabled = fit === 'screen' || fit === 'device';
  };
  addEventListener('resize', tell);
  fine.addEventListener('change', tell);
  tell();
}

const note = /** @type {HTMLElement | null} */ (globalThis.document?.querySelector('[data-min-window]'));
if (note) followSize(document, note);
