// @ts-check
/** How many participants gave which answer to each question. */

import { make, part } from './elements.js';
import { counted, number } from './words.js';

/**
 * @typedef {object} Answered
 * @property {string} name
 * @property {string} ask
 * @property {string} kind
 * @property {string | null} scale in words
 * @property {number} asked sessions
 * @property {number} answered
 * @property {{value: string, label: string, count: number}[]} given
 * @property {{mean: number, sd: number | null, median: number, least: number, most: number} | null} numbers
 */

/** @param {{questions: Answered[]}} answer the server's answer */
export function showAnswers({ questions }) {
  const any = questions.some(({ asked }) => asked > 0);
  part('answers').hidden = !any;
  part('answers-questions').replaceChildren(...(any ? questions.map(block) : []));
}

/** @param {Answered} question */
function block(question) {
  const { name, ask, asked, answered, given, scale } = question;
  const answers =
    answered === asked ? counted(asked, 'answer') : `${answered} of ${counted(asked, 'session')} answered`;
  return make(
    'section',
    { 'aria-label': ask },
    make('h3', { dir: 'auto' }, ask),
    make('p', { class: 'hint' }, make('code', {}, name), ` ${[scale, answers].filter(Boolean).join(', ')}`),
    inNumbers(question),
    given.length ? table(given, ask, question.kind === 'several_of' ? asked : answered) : null,
  );
}

/** @param {Answered} question */
function inNumbers({ numbers }) {
  if (numbers === null) return null;
  const { mean, sd, median, least, most } = numbers;
  /** @param {number} value */
  const short = (value) => number(value, Number.isInteger(value) ? 0 : 2);
  const spread = sd === null ? '' : `, SD ${number(sd)}`;
  return make(
    'p',
    {},
    `Mean ${number(mean)}${spread}, median ${short(median)}, from ${short(least)} to ${short(most)}`,
  );
}

/** @param {Answered['given']} given @param {string} ask @param {number} all */
function table(given, ask, all) {
  return make(
    'table',
    { 'aria-label': ask },
    make(
      'thead',
      { class: 'unseen' },
      make('tr', {}, ...['Answer', 'Sessions', 'Share'].map((name) => make('th', { scope: 'col' }, name))),
    ),
    make(
      'tbody',
      {},
      ...given.map(({ label, count }) => {
        const share = make('td', { class: 'number share' }, all ? `${Math.round((100 * count) / all)} %` : '–');
        share.style.setProperty('--share', String(all ? count / all : 0));
        return make(
          'tr',
          {},
          make('th', { scope: 'row', dir: 'auto' }, label),
          make('td', { class: 'number' }, count),
          share,
        );
      }),
    ),
  );
}
