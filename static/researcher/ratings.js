// @ts-check
/** The tables of ratings: how far raters agree about each question, and what each clip came to. */

import { find } from '../page.js';
import { make, part } from './elements.js';
import { byMeasure, cellsOf, sorted } from './rating-rows.js';
import { counted, number } from './words.js';

/**
 * @typedef {import('./rating-rows.js').Question} Question
 * @typedef {{id: string, file: string, label: string, poster: string | null}} Clip
 * @typedef {{clips: Clip[], questions: Question[]}} Ratings
 */

/** Rows that are shown before somebody asks for all. */
const ROWS = 100;

/** @type {Ratings} */
let shown = { clips: [], questions: [] };
let all = false;
/** @type {import('./rating-rows.js').Sort} column: −1 for the order of the study */
let sort = { column: -1, descending: false };

find(part('ratings-more'), 'button').addEventListener('click', () => {
  all = true;
  drawClips();
});

/** @param {Ratings} answer the server's answer */
export function showRatings(answer) {
  shown = answer;
  const rated = answer.questions.some(({ raters }) => raters > 0);
  part('ratings').hidden = !rated;
  if (!rated) return;
  if (sort.column >= cellsOf(answer.questions, 0).length) sort = { column: -1, descending: false };
  drawAgreement();
  drawClips();
}

function drawAgreement() {
  const { questions } = shown;
  const heads = questions.map((question) =>
    make(
      'th',
      { scope: 'col', class: 'question' },
      make('span', { dir: 'auto' }, question.ask),
      make('small', {}, `${question.name}, ${counted(question.raters, 'rater')}`),
    ),
  );
  const rows = byMeasure(questions).map(({ label, sentence, measures }) =>
    make(
      'tr',
      {},
      make('th', { scope: 'row' }, label, make('span', { class: 'meaning' }, sentence)),
      ...measures.map((measure) =>
        measure === null
          ? make('td', { class: 'muted' }, '–')
          : make(
              'td',
              {},
              make('strong', {}, number(measure.value)),
              measure.low === null ? null : make('small', {}, `${number(measure.low)} to ${number(measure.high)}`),
              measure.reason === null ? null : make('small', {}, measure.reason),
            ),
      ),
    ),
  );
  const again = questions.flatMap(({ name, repeats }) =>
    repeats === null ? [] : [make('li', {}, make('code', {}, name), ` ${repeats}`)],
  );
  part('ratings-agreement').replaceChildren(
    make('h3', { id: 'rated-agreement-title' }, 'Agreement between raters'),
    make(
      'div',
      { class: 'scroll', tabindex: 0, role: 'region', 'aria-labelledby': 'rated-agreement-title' },
      make(
        'table',
        { class: 'agreement' },
        make('thead', {}, make('tr', {}, make('th', { scope: 'col' }, 'Measure'), ...heads)),
        make('tbody', {}, ...rows),
      ),
    ),
    make('p', { class: 'hint' }, 'Below each value: its 95 % interval over raters (jackknife).'),
    again.length ? make('ul', { class: 'hint' }, ...again) : '',
  );
}

function drawClips() {
  const { clips, questions } = shown;
  const order = sorted(questions, clips.length, sort);
  const visible = all ? order : order.slice(0, ROWS);
  const top = questions.map((question) =>
    make(
      'th',
      { scope: 'colgroup', colspan: question.choices ? question.choices.length + 1 : 3, class: 'question' },
      make('span', { dir: 'auto' }, question.ask),
      make('small', {}, question.scale ?? ' '),
    ),
  );
  const names = questions.flatMap(({ choices }) =>
    choices ? [...choices.map(({ label }) => label), 'n'] : ['Mean', 'SD', 'n'],
  );
  part('ratings-table').replaceChildren(
    make(
      'thead',
      {},
      make('tr', {}, make('td', {}), ...top),
      make('tr', {}, head('Clip', -1, false), ...names.map((name, column) => head(name, column, true))),
    ),
    make('tbody', {}, ...visible.map((item) => row(item))),
  );
  const more = part('ratings-more');
  more.hidden = visible.length === order.length;
  find(more, 'button').textContent = `Show all ${order.length} clips`;
}

/** @param {string} name @param {number} column @param {boolean} isNumber */
function head(name, column, isNumber) {
  const button = make('button', { type: 'button', class: 'sort', dir: 'auto' }, name);
  button.addEventListener('click', () => {
    // Numbers first from the highest down, clips in the order of the study.
    sort = { column, descending: sort.column === column ? !sort.descending : isNumber };
    drawClips();
    find(part('ratings-table'), `[data-column="${column}"] button`).focus();
  });
  const direction = sort.column !== column ? null : sort.descending ? 'descending' : 'ascending';
  const attributes = { scope: 'col', class: isNumber ? 'number' : null, 'data-column': column, 'aria-sort': direction };
  return make('th', attributes, button);
}

/** @param {number} item */
function row(item) {
  const clip = shown.clips[item];
  return make(
    'tr',
    {},
    make(
      'th',
      { scope: 'row', class: 'clip' },
      clip.poster ? make('img', { src: clip.poster, alt: '', loading: 'lazy', width: 48, height: 36 }) : null,
      make('span', { dir: 'auto' }, clip.label),
    ),
    ...cellsOf(shown.questions, item).map(({ text, share, title }) => {
      const cell = make('td', { class: share === null ? 'number' : 'number share', title }, text);
      if (share !== null) cell.style.setProperty('--share', String(share));
      return cell;
    }),
  );
}
