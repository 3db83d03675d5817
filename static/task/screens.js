// @ts-check
/** Shows one screen of the task page at a time, and fills those that say something about the session. */
import { byId, find } from '../page.js';

/** Screens that show the bar with progress and saving state. */
const WITH_BAR = new Set([
  'instructions',
  'questions',
  'rating',
  'sound',
  'trial',
  'feedback',
  'sending',
  'refused',
  'preparing',
]);

/**
 * @param {string} name  the screen is the element `screen-<name>`
 * @returns {HTMLElement}
 */
export function showScreen(name) {
  for (const screen of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('main > section'))) {
    screen.hidden = screen.id !== `screen-${name}`;
  }
  const screen = byId(`screen-${name}`);
  document.body.dataset.screen = name;
  byId('bar').hidden = !WITH_BAR.has(name);
  byId('pause').hidden = name !== 'trial' && name !== 'rating';
  byId('help').hidden = name !== 'trial';
  /** @type {HTMLElement | null} */ (screen.querySelector('h1:not([hidden])'))?.focus();
  return screen;
}

/**
 * The code and the link that lead back to the recruiter; they are on whichever screen is the last.
 * @param {HTMLElement} screen
 * @param {import('./session.js').SessionView['completion']} completion
 * @param {import('./text.js').Translate} t
 */
export function fillWayBack(screen, completion, t) {
  const block = byId('way-back');
  if (!screen.contains(block)) screen.append(block);
  const { code, url, incomplete } = completion ?? {};
  find(screen, '[data-code-block]').hidden = !code;
  find(screen, '[data-code]').textContent = code ?? '';
  const link = find(screen, '[data-back]', HTMLAnchorElement);
  // The link is the recruiter's: an address of the web, or none at all.
  const safe = url && /^https?:\/\//i.test(url);
  link.hidden = !safe;
  if (safe) link.href = url;
  find(screen, '[data-no-way-back]').hidden = !incomplete;
  // The screen of somebody who has left says so itself.
  find(screen, '[data-close]').hidden = Boolean(safe || incomplete) || screen.id === 'screen-withdrawn';
  const copy = find(screen, '[data-copy]');
  copy.onclick = async () => {
    copy.textContent = (await copyText(find(screen, '[data-code]')))
      ? t('Copied')
      : t('Please select the code and copy it');
  };
}

/**
 * @param {HTMLElement} screen
 * @param {{status: number, message: string}} refusal  why the session could not be shown
 * @param {import('./text.js').Translate} t
 */
export function fillProblem(screen, { status, message }, t) {
  const unknown = t('We do not recognise this link. Please open the link you were given again.');
  find(screen, '[data-reason]').textContent = status === 401 || status === 404 ? unknown : message;
}

/** @param {HTMLElement} code */
async function copyText(code) {
  try {
    await navigator.clipboard.writeText(code.textContent ?? '');
    return true;
  } catch {
    // No clipboard on plain http, or none allowed: mark the code, so that the participant can copy it.
    getSelection()?.selectAllChildren(code);
    return document.execCommand('copy');
  }
}

/**
 * Offers a text as a file.
 * @param {string} name
 * @param {string} text
 */
export function download(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
