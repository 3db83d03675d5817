// @ts-check
/** What participants said of the clips and of themselves: loaded with the page, and again when other raters are chosen above. */

import { find } from '../page.js';
import { make, part } from './elements.js';
import { load, RequestError } from './live.js';
import { showAnswers } from './answers.js';
import { showRatings } from './ratings.js';

const page = find(document, 'main');
let turn = 0;

// The page's own script hears of the choice first, and has written it into the address by then.
document.addEventListener('change', (event) => {
  if (event.target instanceof Element && event.target.closest('[data-choice]')) refresh();
});
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) refresh();
});
refresh();

/** The raters who are chosen, as the address says. */
function raters() {
  const given = new URLSearchParams(location.search);
  const switches = ['simulated', 'unfinished', 'excluded'].filter((name) => given.has(name));
  return `?${new URLSearchParams(switches.map((name) => [name, given.get(name) ?? '']))}`;
}

async function refresh() {
  turn += 1;
  const mine = turn;
  const box = part('asked-problem');
  try {
    const [ratings, answers] = await Promise.all(
      ['ratings', 'answers'].map((what) => load(`${page.dataset.api}/${what}${raters()}`)),
    );
    if (mine !== turn) return;
    showRatings(ratings);
    showAnswers(answers);
    box.hidden = true;
  } catch (error) {
    if (mine !== turn) return;
    box.replaceChildren(
      make('span', {}, error instanceof RequestError ? error.message : 'The ratings and answers could not be loaded.'),
    );
    box.hidden = false;
  }
  for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll('[data-asked-file]'))) {
    link.search = raters();
  }
}
