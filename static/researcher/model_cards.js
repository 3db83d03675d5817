// @ts-check
/** Cards and tables of the page "Models". */

import { make } from './elements.js';
import { number } from './model_figures.js';

/** @param {string} title @param {string} caption @param {...HTMLElement} children */
export function card(title, caption, ...children) {
  const id = title.toLowerCase().replace(/[^a-z]+/g, '-');
  return make(
    'section',
    { class: 'card figure', 'aria-labelledby': id },
    make('h2', { id }, title),
    make('p', {}, caption),
    ...children,
  );
}

/** @param {string} name of the table @param {string[]} heads @param {(string | number)[][]} rows the first of each row is its name */
export function table(name, [first, ...heads], rows) {
  return make(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${name} in numbers` },
    make(
      'table',
      {},
      make(
        'thead',
        {},
        make(
          'tr',
          {},
          make('th', { scope: 'col' }, first),
          ...heads.map((text) => make('th', { scope: 'col', class: 'number' }, text)),
        ),
      ),
      make(
        'tbody',
        {},
        ...rows.map(([row, ...cells]) => make('tr', {}, make('th', { scope: 'row' }, row), ...cells.map(number))),
      ),
    ),
  );
}
