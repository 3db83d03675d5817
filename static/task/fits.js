// @ts-check
/** Before consent: says whether this window, and this screen, are large enough for the study's least window. */

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
 * Shows the note that fits, and follows the window's size. Nobody can agree on a screen that will never do.
 * @param {Document} page
 * @param {HTMLElement} note
 */
export function followSize(page, note) {
  const tell = () => {
    const { clientWidth: width, clientHeight: height } = page.documentElement;
    const found = judgeFit({ width, height }, screen, Number(note.dataset.minWindow));
    note.hidden = found === 'fits';
    for (const words of /** @type {NodeListOf<HTMLElement>} */ (note.querySelectorAll('[data-for]'))) {
      words.hidden = words.dataset.for !== found;
    }
    const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (page.querySelectorAll('form button:not(.quiet)'));
    for (const agree of buttons) agree.disabled = found === 'screen';
  };
  addEventListener('resize', tell);
  tell();
}

const note = /** @type {HTMLElement | null} */ (globalThis.document?.querySelector('[data-min-window]'));
if (note) followSize(document, note);
