/** Shows one screen of the task page at a time, and fills those that say something about the session. */

/** Screens on which the bar with progress and saving state stands. */
const WITH_BAR = new Set(['instructions', 'sound', 'trial', 'feedback', 'sending', 'refused', 'preparing']);

/** @param {string} id */
export function byId(id) {
  return document.getElementById(id);
}

/**
 * @param {string} name  the screen is the element `screen-<name>`
 * @returns {HTMLElement}
 */
export function showScreen(name) {
  for (const screen of document.querySelectorAll('main > section')) screen.hidden = screen.id !== `screen-${name}`;
  const screen = byId(`screen-${name}`);
  document.body.dataset.screen = name;
  byId('bar').hidden = !WITH_BAR.has(name);
  byId('pause').hidden = name !== 'trial';
  byId('help').hidden = name !== 'trial';
  screen.querySelector('h1')?.focus();
  return screen;
}

/** @param {{code: string | null, url: string | null, incomplete?: boolean} | null} completion */
export function fillThanks(screen, completion, t) {
  const { code, url, incomplete } = completion ?? {};
  screen.querySelector('[data-code-block]').hidden = !code;
  screen.querySelector('[data-code]').textContent = code ?? '';
  const link = screen.querySelector('[data-back]');
  // The link is the recruiter's: an address of the web, or none at all.
  const safe = url && /^https?:\/\//i.test(url);
  link.hidden = !safe;
  if (safe) link.href = url;
  screen.querySelector('[data-no-way-back]').hidden = !incomplete;
  screen.querySelector('[data-close]').hidden = Boolean(safe || incomplete);
  const copy = screen.querySelector('[data-copy]');
  copy.onclick = async () => {
    copy.textContent = (await copyText(code)) ? t('Copied') : t('Please select the code and copy it');
  };
}

/** @param {{status: number, message: string}} refusal  why the session could not be shown */
export function fillProblem(screen, { status, message }, t) {
  const unknown = t('We do not know this link. Please open the link that you were given once more.');
  screen.querySelector('[data-reason]').textContent = status === 401 || status === 404 ? unknown : message;
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard on plain http, or none allowed: mark the code, so that the participant can copy it.
    getSelection().selectAllChildren(document.querySelector('[data-code]'));
    return document.execCommand('copy');
  }
}

/** Offers a text as a file. */
export function download(name, text) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
